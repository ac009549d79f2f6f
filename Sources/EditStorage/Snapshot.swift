/// What adapters had learned once: a cache of the log.
package struct Snapshot: Sendable, Equatable, Codable {
    /// Names what was learned, in which order and how.
    package let key: String
    /// What holds it, in order; other snapshots may share some of them.
    package let files: [SnapshotFile]
    /// The events of the edits that were learned, by transaction, in order.
    package let batches: [[Int]]

    package init(key: String, files: [SnapshotFile], batches: [[Int]]) {
        self.key = key
        self.files = files
        self.batches = batches
    }
}

/// A file among the snapshots, named by what is in it.
package struct SnapshotFile: Sendable, Hashable, Codable {
    /// SHA-256 in hexadecimal.
    package let digest: String
    /// Its size.
    package let bytes: Int

    package init(digest: String, bytes: Int) {
        self.digest = digest
        self.bytes = bytes
    }
}
