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
        var previous: StoredEvent?
        let stored = try StoredEvent.fetchCursor(db, sql: "SELECT * FROM event ORDER BY sequence")
        while let next = try stored.next() {
            faults += self.faults(of: next, after: previous)
            previous = next
        }
        return faults
    }

    private func faults(of stored: StoredEvent, after previous: StoredEvent?) -> [String] {
        var faults: [String] = []
        let (number, expected) = (stored.sequence, (previous?.sequence ?? 0) + 1)
        if number != expected { faults.append("expected event \(expected), got event \(number)") }
        if !stored.follows(previous) {
            faults.append(
                "event \(number): its hash does not follow from what it says and the event before it"
            )
        }
        do {
            _ = try stored.event()
        } catch {
            faults.append("event \(number) cannot be read (\(error))")
        }
        return faults.map { "\($0); restore a backup." }
    }
}
