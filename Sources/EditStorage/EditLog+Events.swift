package import Edits
import Foundation
import GRDB

extension EditLog {
    /// The events after `sequence`, in order: all that were appended before this was called.
    ///
    /// - Throws: a sentence that names the event that cannot be read.
    package func events(after sequence: Int = 0) throws -> [LogEvent] {
        let sql = "SELECT * FROM event WHERE sequence > ? ORDER BY sequence"
        let stored = try read { try StoredEvent.fetchAll($0, sql: sql, arguments: [sequence]) }
        return try stored.map { stored in
            do {
                return try stored.event()
            } catch {
                throw EditStorageError(
                    "event \(stored.sequence) of \(file.path) cannot be read (\(error)); restore a "
                        + "backup.")
            }
        }
    }

    /// Appends `contents` as the next events, and makes `snapshot`, where given, the current one: in
    /// one transaction, which is on the disk when this returns.
    ///
    /// - Returns: the events as they can be read from now on.
    /// - Throws: what stood in the way; nothing was changed then.
    package func append(
        _ contents: [LogEvent.Content], author: String?, reason: String?, snapshot: Snapshot? = nil
    ) throws -> [LogEvent] {
        try write { db in
            var last = try StoredEvent.last(db)
            let events = try contents.map { content in
                let next = try StoredEvent(content, author: author, reason: reason, after: last)
                try next.insert(db)
                last = next
                // What is read again is what counts, and what cannot be read must not be written.
                return try next.event()
            }
            if let snapshot { try makeCurrent(snapshot, in: db) }
            return events
        }
    }

    /// The hash of an event in hexadecimal, which names it and all before it.
    package func hash(of sequence: Int) throws -> String? {
        let sql = "SELECT hash FROM event WHERE sequence = ?"
        return try read { try String.fetchOne($0, sql: sql, arguments: [sequence]) }
    }
}
