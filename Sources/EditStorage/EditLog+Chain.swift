import Edits
import Foundation
import GRDB

extension EditLog {
    /// Everything that is wrong with the log, a sentence each: numbers left out, hashes that do not
    /// follow, documents that cannot be read, and what SQLite itself finds.
    package func chainFaults() throws -> [String] {
        do {
            return try read { db in try fileFaults(db) + eventFaults(db) }
        } catch let error as EditStorageError {
            return [error.message]
        }
    }

    private func fileFaults(_ db: Database) throws -> [String] {
        let found = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        return found.map { "\(file.path) is damaged (SQLite says “\($0)”); restore a backup." }
    }

    private func eventFaults(_ db: Database) throws -> [String] {
        var faults: [String] = []
        var (sequence, hash) = (0, beginningOfChain)
        let sql = "SELECT sequence, document, hash FROM event ORDER BY sequence"
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            let (number, document): (Int, String) = (row["sequence"], row["document"])
            if number != sequence + 1 {
                faults.append(
                    "expected event \(sequence + 1), got event \(number); restore a backup.")
            }
            if row["hash"] != link(document, after: hash) {
                faults.append(
                    "event \(number): its hash does not follow from what it says and the event "
                        + "before it; restore a backup.")
            }
            do {
                _ = try event(number, in: document)
            } catch {
                faults.append("event \(number) cannot be read (\(error)); restore a backup.")
            }
            (sequence, hash) = (number, row["hash"])
        }
        return faults
    }
}
