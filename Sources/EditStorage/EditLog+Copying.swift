package import Edits
import Foundation
import GRDB

extension EditLog {
    /// Notes a snapshot whose file was written; what is current stays so.
    package func note(_ snapshot: Snapshot) throws {
        try write { try register(snapshot, in: $0) }
    }

    /// Writes events that were made elsewhere into an empty log, with what was learned of them.
    package func begin(with events: [LogEvent], snapshot: Snapshot?) throws {
        try write { db in
            var last: StoredEvent?
            for event in events {
                let next = try StoredEvent(event, after: last)
                try next.insert(db)
                last = next
            }
            if let snapshot { try makeCurrent(snapshot, in: db) }
        }
    }

    /// Bytes of the log itself.
    package var logBytes: Int {
        [file, URL(filePath: file.path + "-wal")].reduce(0) { $0 + ((try? size(of: $1)) ?? 0) }
    }
}
