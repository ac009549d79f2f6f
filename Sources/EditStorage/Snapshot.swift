/// What adapters had learned once: a cache of the log.
package struct Snapshot: Sendable, Equatable, Codable {
    /// Names what was learned, in which order and how.
    package let key: String
    /// SHA-256 of its file.
    package let digest: String
    /// The size of its file.
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
