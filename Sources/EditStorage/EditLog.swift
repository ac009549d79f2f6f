import Edits
package import Foundation
import GRDB

/// The log of a model's edits, which is only ever appended to, and the catalogue of what was learned
/// from it.
///
///     DIR/log.sqlite                      the events, and which snapshots there are
///     DIR/snapshots/<sha256>.safetensors  what adapters had learned once: a cache
///     DIR/writer.lock                     held by the one process that writes
///
/// One process writes, any number read meanwhile. An append is on the disk when it returns, and all
/// of it is there or none, wherever the power is cut. Files come first and the rows that name them
/// second, so that a crash leaves at worst a file that nothing names.
package final class EditLog: Sendable {
    package let directory: URL
    /// Nothing but SQLite may open this file: closing it would drop the locks that SQLite holds.
    let file: URL
    let database: DatabaseQueue
    private let lock: WriterLock?

    /// Whether a log lies in `directory`.
    package static func exists(in directory: URL) -> Bool {
        isThere(directory.appending(path: "log.sqlite"))
    }

    /// Opens the log in `directory` to write, and makes it if it is missing.
    ///
    /// - Parameter seconds: how long to wait for another writer to end.
    /// - Throws: a sentence that says who else is writing, or what is wrong with the files.
    package init(writing directory: URL, waiting seconds: Double = 0) throws {
        let file = directory.appending(path: "log.sqlite")
        try makeFolder(directory.appending(path: "snapshots"))
        lock = try WriterLock(directory.appending(path: "writer.lock"), waiting: seconds)
        if !Self.exists(in: directory) { try Self.make(file) }
        database = try explaining(file) {
            let database = try connect(writing: file)
            try Schema.requireKnown(database, at: file)
            try Schema.migrator.migrate(database)
            return database
        }
        (self.directory, self.file) = (directory, file)
    }

    /// Opens the log in `directory` to read, whoever writes it meanwhile. One that an older Errata
    /// wrote is brought up to date first, which is the one time that a reader writes.
    ///
    /// - Throws: a sentence where there is none, it is damaged, a newer Errata wrote it, or it is an
    ///   older one's and cannot be written.
    package init(reading directory: URL) throws {
        let file = directory.appending(path: "log.sqlite")
        guard Self.exists(in: directory) else {
            throw EditStorageError(
                "expected an edit log in \(directory.path), found none; `errata edit` makes one.")
        }
        database = try explaining(file) {
            let database = try connect(reading: file)
            try Schema.requireKnown(database, at: file)
            if try database.read(Schema.migrator.hasCompletedMigrations) { return database }
            try database.close()
            try Self.bringUpToDate(directory)
            return try connect(reading: file)
        }
        (self.directory, self.file, lock) = (directory, file, nil)
    }

    /// The last connection writes everything into one file as it closes: before the lock goes.
    deinit { try? database.close() }

    private static func bringUpToDate(_ directory: URL) throws {
        do {
            _ = try EditLog(writing: directory)
        } catch let error as EditStorageError {
            throw EditStorageError(
                "\(directory.path) was written by an older Errata and could not be brought up to "
                    + "date: \(error.message)")
        }
    }

    /// An empty log, which appears whole or not at all.
    private static func make(_ file: URL) throws {
        let draft = file.appendingPathExtension("draft")
        try? FileManager.default.removeItem(at: draft)
        try explaining(file) {
            let database = try connect(drafting: draft)
            try Schema.migrator.migrate(database)
            try database.close()
        }
        try publish(draft, as: file)
    }
}

extension EditLog {
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try explaining(file) { try database.read(body) }
    }

    /// Runs `body` in one transaction.
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        requireWriting()
        return try explaining(file) { try database.write(body) }
    }

    func requireWriting() {
        precondition(lock != nil, "this log was opened to read")
    }
}
