package import Foundation
import GRDB

extension EditLog {
    /// Copies the log and the snapshots it names into a new directory, which appears whole or not at
    /// all, while this and other processes read and write.
    ///
    /// What it holds is the log as it stood at one moment. Snapshots whose files go meanwhile are
    /// left out: they can be learned again.
    ///
    /// - Parameters:
    ///   - version: the last event to copy; every event where it is nil. Snapshots that later edits
    ///     shaped are left out.
    ///   - sharingFiles: whether the copy's snapshots may be the log's own files under another name,
    ///     which takes no room; what damages one on the disk then damages both.
    /// - Throws: a sentence where the directory exists, the version does not, or the disk is full.
    package func backup(
        to target: URL, through version: Int? = nil, sharingFiles: Bool = false
    ) throws {
        try requireAbsent(target)
        let draft = target.deletingLastPathComponent().appending(
            path: ".\(target.lastPathComponent).partial-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: draft) }
        try makeFolder(draft.appending(path: "snapshots"))
        let copy = draft.appending(path: "log.sqlite")
        try explaining(copy) {
            let database = try copyDatabase(to: copy)
            if let version { try trim(database, through: version) }
            try copyFiles(
                of: database, to: draft.appending(path: "snapshots"), sharing: sharingFiles)
            // One file by itself, even where nobody may write beside it.
            try database.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try database.close()
        }
        try sync(draft)
        try publish(draft, as: target)
    }

    private func requireAbsent(_ target: URL) throws {
        guard try files(in: target).isEmpty else {
            throw EditStorageError(
                "expected a new directory for the backup, got \(target.path), which is not empty; "
                    + "choose another.")
        }
    }

    /// Over a connection of its own, so that nobody waits.
    private func copyDatabase(to copy: URL) throws -> DatabaseQueue {
        let database = try connect(drafting: copy)
        let source = try connect(reading: file)
        try source.backup(to: database)
        try source.close()
        return database
    }

    /// Takes the events after `version` away from a copy, and the snapshots that know of them.
    private func trim(_ database: DatabaseQueue, through version: Int) throws {
        try database.write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(sequence) FROM event") ?? 0
            guard version >= 1, version <= last else {
                throw EditStorageError(
                    "expected a version from 1 to \(last), got \(version); `errata log` lists them."
                )
            }
            try withoutTriggers(db) {
                try db.execute(sql: "DELETE FROM event WHERE sequence > ?", arguments: [version])
            }
            for snapshot in try Snapshot.all(db)
            where snapshot.batches.joined().contains(where: { $0 > version }) {
                try forget(snapshot, in: db)
            }
        }
        // What was deleted must not linger in the file.
        try database.vacuum()
    }

    private func withoutTriggers(_ db: Database, _ body: () throws -> Void) throws {
        let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        let triggers = try Row.fetchAll(db, sql: sql)
        for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
        try body()
        for trigger in triggers { try db.execute(sql: trigger["sql"]) }
    }

    private func forget(_ snapshot: Snapshot, in db: Database) throws {
        try db.execute(sql: "DELETE FROM current WHERE key = ?", arguments: [snapshot.key])
        try db.execute(sql: "DELETE FROM snapshot WHERE key = ?", arguments: [snapshot.key])
    }

    private func copyFiles(
        of database: DatabaseQueue, to folder: URL, sharing: Bool
    ) throws {
        try database.write { db in
            for snapshot in try Snapshot.all(db) {
                let areCopied = try snapshot.files.map(file(of:)).allSatisfy { source in
                    try isCopied(
                        source, to: folder.appending(path: source.lastPathComponent),
                        sharing: sharing)
                }
                if !areCopied { try forget(snapshot, in: db) }
            }
        }
        try sync(folder)
    }

    /// False where the file is gone.
    private func isCopied(_ source: URL, to copy: URL, sharing: Bool) throws -> Bool {
        if isThere(copy) || sharing && link(source.path, copy.path) == 0 { return true }
        do {
            try FileManager.default.copyItem(at: source, to: copy)
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return false
        }
        try sync(copy)
        return true
    }
}
