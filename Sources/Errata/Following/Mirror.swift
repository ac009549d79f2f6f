import EditStorage
import Edits
package import Foundation

/// A copy of an edited model that stands elsewhere: its log with the same hashes, and what was last
/// learned from it.
package actor Mirror {
    /// What it asks the other side for.
    package enum Piece: Sendable {
        /// What `logPage(after:)` gives.
        case events(after: Int)
        /// What `snapshotPiece(_:from:)` gives.
        case snapshot(digest: String, from: Int)
    }

    /// The most bytes of a snapshot at once.
    static let pieceBytes = 4 << 20

    private let directory: URL
    private let base: URL
    /// What the copy had when it was last up to date.
    private var last: (version: Int, key: String?)?
    /// Up to where its log was checked.
    private var checked: LogMark?

    /// - Parameter base: the base model on this machine.
    package init(_ directory: URL, base: URL) {
        (self.directory, self.base) = (directory, base)
    }

    /// Brings the copy up to date. Where it breaks off it goes on the next time.
    ///
    /// - Throws: what `fetch` throws, and one sentence for what is damaged or no copy of this.
    package func pull(_ fetch: @Sendable (Piece) async throws -> Data) async throws {
        var known = try last ?? standing()
        // Where it breaks off it is not known how far it came.
        last = nil
        while true {
            let data = try await fetch(.events(after: known.version))
            guard let page = try? JSONDecoder().decode(LogPage.self, from: data) else {
                throw ErrataError(
                    "expected the log of an edited model from the source, got something else; check "
                        + "its address and its version of Errata.")
            }
            guard page.version >= known.version else {
                throw ErrataError(
                    "expected the source to have event \(known.version), which this copy has, but it "
                        + "ends with \(page.version); follow the log this is a copy of, or begin a "
                        + "new one.")
            }
            let isLast = page.isLast(after: known.version)
            if !page.events.isEmpty || isLast && page.current?.key != known.key {
                try await take(page, isLast: isLast, fetch)
                known = try standing()
            }
            if isLast {
                last = known
                return
            }
        }
    }

    /// What the copy has.
    private func standing() throws -> (version: Int, key: String?) {
        guard EditLog.exists(in: directory) else {
            checked = nil
            return (0, nil)
        }
        let log = try EditLog(reading: directory)
        checked = try log.checked(after: checked)
        return (checked?.sequence ?? 0, try log.currentSnapshot()?.key)
    }

    private func take(
        _ page: LogPage, isLast: Bool, _ fetch: @Sendable (Piece) async throws -> Data
    ) async throws {
        let log = try EditLog(writing: directory)
        if isLast {
            for file in page.current?.files ?? [] { try await take(file, into: log, fetch) }
        }
        try log.receive(page)
        if !EditableModel.isSaved(in: directory) { try SavedModel(base: base).write(in: directory) }
    }

    private func take(
        _ file: SnapshotFile, into log: EditLog,
        _ fetch: @Sendable (Piece) async throws -> Data
    ) async throws {
        var count = try log.receive(nil, of: file)
        while count < file.bytes {
            let piece = try await fetch(.snapshot(digest: file.digest, from: count))
            guard !piece.isEmpty else {
                throw ErrataError(
                    "expected \(file.bytes) bytes of a snapshot from the source, got \(count); "
                        + "check the source with `errata verify`.")
            }
            count = try log.receive(piece, of: file)
        }
    }
}
