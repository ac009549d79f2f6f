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

    /// How many transactions each snapshot has learned, by its key: without reading which.
    package func transactionCounts() throws -> [String: Int] {
        let sql = "SELECT key, json_array_length(batches) FROM snapshot"
        return try read { db in
            let rows = try Row.fetchAll(db, sql: sql).map { ($0[0] as String, $0[1] as Int) }
            return Dictionary(uniqueKeysWithValues: rows)
        }
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
        for file in snapshot.files.map(file(of:)) where !isThere(file) {
            throw EditStorageError(
                "expected \(file.path) before the log names it, found nothing; write it again.")
        }
        try db.execute(
            sql: """
                INSERT INTO snapshot (key, files, batches, registered)
                VALUES (?, ?, ?, (SELECT coalesce(max(registered), 0) + 1 FROM snapshot))
                ON CONFLICT (key) DO UPDATE SET
                    files = excluded.files, batches = excluded.batches,
                    registered = excluded.registered
                """,
            arguments: [snapshot.key, json(snapshot.files), json(snapshot.batches)])
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
    ///
    /// - Returns: the bytes of the files.
    @discardableResult
    package func remove(_ keys: [String]) throws -> Int {
        guard !keys.isEmpty else { return 0 }
        let before = try namedFiles()
        try write { db in
            for key in keys {
                try db.execute(
                    sql: """
                        DELETE FROM snapshot WHERE key = ? AND key NOT IN (SELECT key FROM current)
                        """,
                    arguments: [key])
            }
        }
        let unnamed = before.subtracting(try namedFiles())
        for name in unnamed { try removeFile(file(of: name)) }
        return unnamed.reduce(0) { $0 + $1.bytes }
    }

    /// The files of all snapshots, each once.
    package func namedFiles() throws -> Set<SnapshotFile> {
        let lists = try read { try String.fetchAll($0, sql: "SELECT files FROM snapshot") }
        return Set(
            try lists.flatMap {
                try JSONDecoder().decode([SnapshotFile].self, from: Data($0.utf8))
            })
    }
}

extension Snapshot: FetchableRecord {
    /// The snapshots that the end of a query picks.
    static func all(
        _ db: Database, _ clauses: String = "", _ arguments: StatementArguments = []
    ) throws -> [Snapshot] {
        let sql = "SELECT key, files, batches FROM snapshot \(clauses)"
        return try fetchAll(db, sql: sql, arguments: arguments)
    }
}

private func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
}
