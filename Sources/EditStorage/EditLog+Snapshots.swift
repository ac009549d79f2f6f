import Foundation
import GRDB

extension EditLog {
    /// The snapshot that names what was learned as `key` does.
    package func snapshot(forKey key: String) throws -> Snapshot? {
        try read { try Snapshot.all($0, "WHERE key = ?", [key]).first }
    }

    /// Every snapshot, the one that was registered first first.
    package func snapshots() throws -> [Snapshot] {
        try read { try Snapshot.all($0, "ORDER BY registered") }
    }

    /// What the adapters are now.
    package func currentSnapshot() throws -> Snapshot? {
        try read { try Snapshot.all($0, "NATURAL JOIN current").first }
    }

    /// Registers a snapshot, or registers it anew, and makes it the current one, without an event.
    package func setCurrent(_ snapshot: Snapshot) throws {
        try write { try makeCurrent(snapshot, in: $0) }
    }

    func register(_ snapshot: Snapshot, in db: Database) throws {
        guard FileManager.default.fileExists(atPath: file(of: snapshot).path) else {
            throw EditStorageError(
                "expected \(file(of: snapshot).path) before the log names it, found nothing; write it "
                    + "again.")
        }
        try db.execute(
            sql: """
                INSERT INTO snapshot (key, digest, bytes, batches, registered)
                VALUES (?, ?, ?, ?, (SELECT coalesce(max(registered), 0) + 1 FROM snapshot))
                ON CONFLICT (key) DO UPDATE SET
                    digest = excluded.digest, bytes = excluded.bytes, batches = excluded.batches,
                    registered = excluded.registered
                """,
            arguments: [snapshot.key, snapshot.digest, snapshot.bytes, snapshot.batchesJSON()])
    }

    func makeCurrent(_ snapshot: Snapshot, in db: Database) throws {
        try register(snapshot, in: db)
        try db.execute(
            sql: """
                INSERT INTO current (only, key) VALUES (1, ?)
                ON CONFLICT (only) DO UPDATE SET key = excluded.key
                """,
            arguments: [snapshot.key])
    }

    /// Forgets these snapshots, and removes the files that no other names. The current one stays.
    package func remove(_ keys: [String]) throws {
        let digests = try write { db in
            try keys.compactMap { key in
                try String.fetchOne(
                    db,
                    sql: """
                        DELETE FROM snapshot WHERE key = ? AND key NOT IN (SELECT key FROM current)
                        RETURNING digest
                        """,
                    arguments: [key])
            }
        }
        let named = Set(try snapshots().map(\.digest))
        for digest in Set(digests).subtracting(named) {
            try removeFile(snapshotFile(digest))
        }
    }
}

extension Snapshot: FetchableRecord {
    /// The snapshots that the end of a query picks.
    static func all(
        _ db: Database, _ clauses: String = "", _ arguments: StatementArguments = []
    ) throws -> [Snapshot] {
        let sql = "SELECT key, digest, bytes, batches FROM snapshot \(clauses)"
        return try fetchAll(db, sql: sql, arguments: arguments)
    }

    fileprivate func batchesJSON() throws -> String {
        String(decoding: try JSONEncoder().encode(batches), as: UTF8.self)
    }
}
