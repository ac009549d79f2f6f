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
        try explaining(file) { try database.writeWithoutTransaction(shrink) }
        return max(0, before - (try totalSize()))
    }

    private func shrink(_ db: Database) throws {
        // Where a reader is in the way, the next who compacts or closes the log does it.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
        try db.execute(sql: checkpoint)
        // The file is written anew, for which a full disk has no room, only where it gains by it.
        guard try Int.fetchOne(db, sql: "PRAGMA freelist_count") != 0 else { return }
        try db.execute(sql: "VACUUM; \(checkpoint)")
    }

    private func totalSize() throws -> Int {
        try (files(in: directory) + files(in: folder)).reduce(0) { try $0 + size(of: $1) }
    }
}
