import EditStorage
import Edits
package import Foundation

/// A model whose log another process writes, on this machine or, by way of a copy, on another.
extension EditableModel {
    /// Takes in what the writer has written since: from when this returns, questions are answered
    /// with it, and those being answered are not touched.
    ///
    /// - Returns: whether there was anything new.
    /// - Throws: one sentence where the log is damaged or is another; the model stays as it is.
    @discardableResult
    public func follow() async throws -> Bool {
        try await exclusively {
            guard let directory = journal.log?.directory else { return false }
            // Opened anew, since the file may have been replaced.
            let log = try EditLog(reading: directory)
            let mark = try log.checked(after: followed)
            let current = try log.currentSnapshot()
            let isNew = (mark?.sequence ?? 0) != journal.ledger.version
            guard isNew || current?.key ?? adapters.key.text != adapters.key.text else {
                followed = mark
                return false
            }
            // A follower has no business learning what a damaged file should hold.
            if let current, let fault = try log.fault(of: current) {
                guard try log.currentSnapshot() == current else { return false }
                throw ErrataError(fault)
            }
            var next = journal
            if try !next.refresh(), isNew { next = try Journal(reading: directory, version: nil) }
            let restored = try Restoration.latest(&next, base: base)
            let (matcher, retrieval) = try Self.retrieval(
                next, restored.adapters, matcher, base: base, after: self.retrieval)
            (journal, adapters, search) = (next, restored.adapters, nil)
            (self.matcher, self.retrieval, followed) = (matcher, retrieval, mark)
            announce()
            return true
        }
    }

    /// A piece of the log as JSON, for a `Mirror`: the events after `sequence`.
    package func logPage(after sequence: Int) throws -> Data {
        guard let log = journal.log else {
            throw ErrataError(
                "expected a model with a log on disk, got one without; save it first.")
        }
        return try JSONEncoder().encode(log.page(after: sequence, limit: 500))
    }

    /// A piece of a snapshot's file, for a `Mirror`; nil for one that the log does not have.
    package func snapshotPiece(_ digest: String, from offset: Int) throws -> Data? {
        try journal.log?.piece(ofSnapshot: digest, from: offset, count: Mirror.pieceBytes)
    }
}
