import Crypto
package import Edits
package import Foundation
import GRDB
import Synchronization

/// A model's edit log on disk, and the catalogue of what adapters had learned.
///
///     DIR/log.sqlite                         the events: the truth, only ever appended to
///     DIR/snapshots/<sha256>.safetensors     what was learned: a cache of it
///     DIR/writer.lock                        held by the one process that writes
///
/// A file is written before the row that names it, so a crash leaves at worst a file without a row.
/// Whatever a call has written is durable when it returns.
package final class EditLog: Sendable {
    package let directory: URL
    let database: any DatabaseWriter
    private let lock: WriterLock?

    static let fileName = "log.sqlite"
    var file: URL { directory.appending(path: Self.fileName) }
    var snapshotFolder: URL { directory.appending(path: "snapshots") }

    /// Whether a log lies in `directory`.
    package static func exists(in directory: URL) -> Bool {
        FileManager.default.fileExists(atPath: directory.appending(path: fileName).path)
    }

    /// Opens the log to write, made if missing, as the only writer.
    ///
    /// - Parameter seconds: how long to wait for another writer.
    /// - Throws: `EditStorageError` for a log that another process writes, or that cannot be opened.
    package init(writing directory: URL, waiting seconds: Double = 0) throws {
        self.directory = directory
        let file = directory.appending(path: Self.fileName)
        do {
            try FileManager.default.createDirectory(
                at: directory.appending(path: "snapshots"), withIntermediateDirectories: true)
        } catch {
            throw EditStorageError(
                "\(directory.path) cannot be made (\(error.localizedDescription)); make room or "
                    + "choose another directory.")
        }
        lock = try WriterLock(
            directory.appending(path: "writer.lock"), waiting: seconds)
        database = try inWords(file) {
            let queue = try DatabaseQueue(path: file.path, configuration: Self.configuration())
            try queue.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            }
            try Self.migrator.migrate(queue)
            try Self.requireKnown(queue, file)
            return queue
        }
        syncFolder(directory)
    }

    /// Opens the log to read; the writer is not kept waiting, nor are other readers.
    ///
    /// - Throws: `EditStorageError` where there is none, or it cannot be opened.
    package init(reading directory: URL) throws {
        self.directory = directory
        let file = directory.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw EditStorageError(
                "\(file.path) is missing; put it back, or start from the base model.")
        }
        lock = nil
        var configuration = Self.configuration()
        // Not `readonly`: SQLite must be able to take over a log whose writer was killed.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
        database = try inWords(file) {
            let queue = try DatabaseQueue(path: file.path, configuration: configuration)
            try Self.requireKnown(queue, file)
            return queue
        }
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(20)
        configuration.foreignKeysEnabled = true
        return configuration
    }

    private static func requireKnown(_ queue: DatabaseQueue, _ file: URL) throws {
        let (isComplete, isNewer) = try queue.read {
            (try migrator.hasCompletedMigrations($0), try migrator.hasBeenSuperseded($0))
        }
        guard !isNewer else {
            throw EditStorageError(
                "\(file.path) was written by a newer Errata; use that one, or a later.")
        }
        guard isComplete else {
            throw EditStorageError(
                "\(file.path) is no whole edit log; restore a backup, or start from the base model."
            )
        }
    }

    /// Events after `sequence`, in order.
    ///
    /// - Throws: `EditStorageError` naming an event that cannot be read.
    package func events(after sequence: Int = 0) throws -> [LogEvent] {
        let rows = try inWords(file) {
            try database.read {
                try Row.fetchAll(
                    $0,
                    sql:
                        "SELECT sequence, document FROM event WHERE sequence > ? ORDER BY sequence",
                    arguments: [sequence]
                ).map { (sequence: $0["sequence"] as Int, document: $0["document"] as String) }
            }
        }
        let decoder = JSONDecoder()
        return try rows.map { row in
            do {
                return try decoder.decode(LogEvent.self, from: Data(row.document.utf8))
            } catch {
                throw EditStorageError(
                    "event \(row.sequence) of \(file.path) cannot be read (\(sentence(for: error))); "
                        + "restore a backup.")
            }
        }
    }

    /// Appends the next events, all or none, with the snapshot that is current from then on.
    ///
    /// - Returns: the events, with number and time.
    package func append(
        _ contents: [LogEvent.Content], author: String?, reason: String?,
        snapshot: Snapshot? = nil
    ) throws -> [LogEvent] {
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        return try write { database in
            let last =
                try Int.fetchOne(database, sql: "SELECT max(sequence) FROM event") ?? 0
            let events = contents.enumerated().map { place, content in
                LogEvent(
                    sequence: last + 1 + place, time: time, author: author, reason: reason,
                    content: content)
            }
            try Self.insert(events, into: database)
            if let snapshot { try Self.makeCurrent(snapshot, in: database) }
            return events
        }
    }

    /// Writes events that were made elsewhere into an empty log, with what was learned of them.
    package func copy(_ events: [LogEvent], snapshot: Snapshot?) throws {
        try write { database in
            try Self.insert(events, into: database)
            if let snapshot { try Self.makeCurrent(snapshot, in: database) }
        }
    }

    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        precondition(lock != nil, "a log that was opened to be read is not written")
        return try inWords(file) { try database.write(body) }
    }

    private static func insert(_ events: [LogEvent], into database: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var hash =
            try String.fetchOne(
                database, sql: "SELECT hash FROM event ORDER BY sequence DESC LIMIT 1") ?? noHash
        for event in events {
            let document = String(decoding: try encoder.encode(event), as: UTF8.self)
            hash = Self.hash(of: document, after: hash)
            try database.execute(
                sql: "INSERT INTO event (sequence, document, hash) VALUES (?, ?, ?)",
                arguments: [event.sequence, document, hash])
        }
    }
}

extension EditLog {
    private static let noHash = String(repeating: "0", count: 64)

    /// What ties an event to all before it.
    private static func hash(of document: String, after previous: String) -> String {
        SHA256.hash(data: Data("\(previous)\n\(document)".utf8)).hexadecimal
    }

    /// The hash of an event, which names the whole log up to it; nil where there is none.
    package func hash(of sequence: Int) throws -> String? {
        try inWords(file) {
            try database.read {
                try String.fetchOne(
                    $0, sql: "SELECT hash FROM event WHERE sequence = ?", arguments: [sequence])
            }
        }
    }

    /// What is wrong with the log, a sentence each: SQLite's own check, and the chain.
    package func chainFaults() throws -> [String] {
        try inWords(file) {
            try database.read { database in
                let check = try String.fetchAll(database, sql: "PRAGMA integrity_check")
                var faults = check.filter { $0 != "ok" }.map {
                    "\(file.path) is damaged (\($0)); restore a backup."
                }
                var (previous, number) = (Self.noHash, 0)
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT sequence, document, hash FROM event ORDER BY sequence")
                while let row = try rows.next() {
                    let (sequence, hash): (Int, String) = (row["sequence"], row["hash"])
                    if sequence != number + 1 {
                        faults.append(
                            "event \(sequence) follows event \(number): events between them are gone; "
                                + "restore a backup.")
                    } else if hash != Self.hash(of: row["document"], after: previous) {
                        faults.append(
                            "event \(sequence): its hash does not follow from it and those before it; "
                                + "it was changed; restore a backup.")
                    }
                    (previous, number) = (hash, sequence)
                }
                return faults
            }
        }
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String {
        map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// Makes what was created or renamed in a folder last through a power cut.
func syncFolder(_ folder: URL) {
    let descriptor = open(folder.path, O_RDONLY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}
