import Foundation
import GRDB

extension EditLog {
    /// Removes the files that nothing names and the room that nothing takes, beside readers. Stopped
    /// at any instant, it has done less, and no harm.
    ///
    /// Not while another thread writes a snapshot of this log, which nothing names yet.
    ///
    /// - Returns: the bytes freed.
    package func compact() throws -> Int {
        requireWriting()
        let before = try totalSize()
        for orphan in try orphans() { try removeFile(orphan) }
        try explaining(file) {
            try database.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM")
                // Where a reader is in the way, the next one that closes or compacts does it.
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
        return max(0, before - (try totalSize()))
    }

    private func totalSize() throws -> Int {
        try (files(in: directory) + files(in: folder)).reduce(0) { try $0 + size(of: $1) }
    }
}
