package import Foundation
import GRDB

extension EditLog {
    /// Files that a crash left: drafts, and snapshots that no row names.
    package func orphans() throws -> [URL] {
        let known = Set(try snapshots().map { file(of: $0).lastPathComponent })
        return try FileManager.default.contentsOfDirectory(
            at: snapshotFolder, includingPropertiesForKeys: [.fileSizeKey]
        ).filter { !known.contains($0.lastPathComponent) }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// Removes orphans and gives pages of the log back that hold nothing.
    ///
    /// - Returns: the bytes that became free.
    package func compact() throws -> Int {
        let orphans = try orphans()
        let before = Self.size(orphans) + logBytes
        for orphan in orphans { try? FileManager.default.removeItem(at: orphan) }
        try inWords(file) {
            try database.writeWithoutTransaction {
                try $0.execute(sql: "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
        return max(0, before - logBytes)
    }

    /// Bytes of the log itself.
    package var logBytes: Int {
        Self.size([file, directory.appending(path: Self.fileName + "-wal")])
    }

    private static func size(_ files: [URL]) -> Int {
        files.reduce(0) { $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0) }
    }

    /// Copies the log and its snapshots into a new directory, which appears whole or not at all,
    /// while others read and write.
    ///
    /// - Parameter version: the last event to copy; nil for all there are.
    package func backup(to target: URL, through version: Int? = nil) throws {
        let draft = target.deletingLastPathComponent()
            .appending(path: ".\(target.lastPathComponent).backup-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: draft) }
        // The lock goes with the copy, so that whoever opens the target is its first writer.
        try copy(into: draft, through: version)
        guard rename(draft.path, target.path) == 0 else {
            throw EditStorageError(
                "\(target.path) cannot be written (\(String(cString: strerror(errno)))); choose a "
                    + "new directory.")
        }
        syncFolder(target.deletingLastPathComponent())
    }

    private func copy(into draft: URL, through version: Int?) throws {
        let copy = try EditLog(writing: draft)
        try inWords(file) { try database.backup(to: copy.database) }
        try inWords(copy.file) {
            try copy.database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            }
        }
        if let version { try copy.cut(after: version) }
        for snapshot in try copy.snapshots() {
            let (source, target) = (file(of: snapshot), copy.file(of: snapshot))
            if FileManager.default.fileExists(atPath: target.path) { continue }
            // Files never change once they have their name, so one may have two.
            if link(source.path, target.path) == 0 { continue }
            do {
                try FileManager.default.copyItem(at: source, to: target)
            } catch {
                // It went meanwhile: a cache may go, and the copy makes it again when it is wanted.
                try copy.forget(snapshot.key)
            }
        }
        syncFolder(copy.snapshotFolder)
        try copy.database.close()
    }

    /// Leaves out later events, and snapshots of edits among them. A copy that nobody has seen yet
    /// may be cut; a log may not.
    private func cut(after version: Int) throws {
        let late = try snapshots().filter { $0.batches.joined().contains { $0 > version } }
        for snapshot in late { try forget(snapshot.key) }
        try write { database in
            try database.execute(
                sql:
                    "DROP TRIGGER event_is_never_removed; DELETE FROM event WHERE sequence > \(version);"
            )
            try database.execute(
                sql: """
                    CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
                    BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END
                    """)
        }
    }

    private func forget(_ key: String) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM current WHERE key = ?", arguments: [key])
            try database.execute(sql: "DELETE FROM snapshot WHERE key = ?", arguments: [key])
        }
    }
}
