import Crypto
package import Foundation
import GRDB

/// What adapters had learned once: a cache of the log.
package struct Snapshot: Sendable, Equatable, Codable {
    /// Names what was learned, in which order and how.
    package let key: String
    /// SHA-256 of its file.
    package let digest: String
    package let bytes: Int
    /// The events of the edits that were learned, by transaction, in order.
    package let batches: [[Int]]

    package init(key: String, digest: String, bytes: Int, batches: [[Int]]) {
        self.key = key
        self.digest = digest
        self.bytes = bytes
        self.batches = batches
    }
}

extension EditLog {
    /// The snapshot with this key, if it is kept.
    package func snapshot(forKey key: String) throws -> Snapshot? {
        try snapshots("WHERE key = ?", [key]).first
    }

    /// Every snapshot that is kept, the one registered first first.
    package func snapshots() throws -> [Snapshot] { try snapshots("ORDER BY registered") }

    /// What the adapters had learned when they were last written; nil before the first time.
    package func currentSnapshot() throws -> Snapshot? {
        try snapshots("WHERE key = (SELECT key FROM current)").first
    }

    private func snapshots(
        _ condition: String, _ arguments: StatementArguments = []
    ) throws -> [Snapshot] {
        try inWords(file) {
            try database.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT * FROM snapshot \(condition)", arguments: arguments
                ).map { row in
                    Snapshot(
                        key: row["key"], digest: row["digest"], bytes: row["bytes"],
                        batches: try JSONDecoder().decode(
                            [[Int]].self, from: Data((row["batches"] as String).utf8)))
                }
            }
        }
    }

    /// Notes a snapshot whose file was written.
    package func register(_ snapshot: Snapshot) throws {
        try write { try Self.insert(snapshot, into: $0) }
    }

    /// Notes a snapshot that is current from now on, without an event: after a replay.
    package func setCurrent(_ snapshot: Snapshot) throws {
        try write { try Self.makeCurrent(snapshot, in: $0) }
    }

    static func makeCurrent(_ snapshot: Snapshot, in database: Database) throws {
        try insert(snapshot, into: database)
        try database.execute(
            sql: "INSERT OR REPLACE INTO current (only, key) VALUES (1, ?)",
            arguments: [snapshot.key])
    }

    private static func insert(_ snapshot: Snapshot, into database: Database) throws {
        let batches = try JSONEncoder().encode(snapshot.batches)
        try database.execute(
            sql: """
                INSERT INTO snapshot (key, digest, bytes, batches, registered)
                VALUES (?, ?, ?, ?, (SELECT coalesce(max(registered), 0) + 1 FROM snapshot))
                ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes,
                    batches = excluded.batches, registered = excluded.registered
                """,
            arguments: [
                snapshot.key, snapshot.digest, snapshot.bytes,
                String(decoding: batches, as: UTF8.self),
            ])
    }

    /// Forgets snapshots; never the current one.
    package func remove(_ keys: [String]) throws {
        guard !keys.isEmpty else { return }
        let gone = try write { database in
            var digests: [String] = []
            for key in keys {
                let digest = try String.fetchOne(
                    database,
                    sql: """
                        DELETE FROM snapshot
                        WHERE key = ? AND key NOT IN (SELECT key FROM current) RETURNING digest
                        """, arguments: [key])
                digests += digest.map { [$0] } ?? []
            }
            return try digests.filter { digest in
                try !Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM snapshot WHERE digest = ?)",
                    arguments: [digest])!
            }
        }
        for digest in gone { try? FileManager.default.removeItem(at: file(named: digest)) }
    }
}

extension EditLog {
    private func file(named digest: String) -> URL {
        snapshotFolder.appending(path: "\(digest).safetensors")
    }

    /// Where a snapshot's file lies.
    package func file(of snapshot: Snapshot) -> URL { file(named: snapshot.digest) }

    /// What is wrong with a snapshot's file, in one sentence; nil where it is what it was.
    package func fault(of snapshot: Snapshot) throws -> String? {
        let url = file(of: snapshot)
        guard FileManager.default.fileExists(atPath: url.path) else {
            return "\(url.path) is missing."
        }
        guard try Self.digest(of: url) == snapshot.digest else {
            return "\(url.path) is damaged: its SHA-256 is another."
        }
        return nil
    }

    /// Writes a snapshot's file, whole or not at all; the same content twice is one file.
    ///
    /// - Parameter write: writes the file it is given.
    /// - Returns: its SHA-256 and size.
    package func writeSnapshotFile(
        _ write: (URL) throws -> Void
    ) throws -> (digest: String, bytes: Int) {
        let draft = snapshotFolder.appending(path: "draft-\(UUID().uuidString).safetensors")
        defer { unlink(draft.path) }
        try write(draft)
        let digest = try Self.digest(of: draft)
        let bytes = try draft.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        guard Self.sync(draft), rename(draft.path, file(named: digest).path) == 0 else {
            throw EditStorageError(
                "\(snapshotFolder.path) cannot be written (\(String(cString: strerror(errno)))); "
                    + "nothing was changed; make room and try again.")
        }
        syncFolder(snapshotFolder)
        return (digest, bytes)
    }

    private static func sync(_ file: URL) -> Bool {
        let descriptor = open(file.path, O_RDONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private static func digest(of file: URL) throws -> String {
        var hash = SHA256()
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        while let data = try handle.read(upToCount: 1 << 22), !data.isEmpty {
            hash.update(data: data)
        }
        return hash.finalize().hexadecimal
    }
}
