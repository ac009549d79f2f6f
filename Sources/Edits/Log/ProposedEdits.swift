/// Corrections that were proposed, and what became of them.
public struct ProposedEdits: Sendable, Equatable, Identifiable {
    /// The event that proposed them.
    public let id: Int
    public let records: [EditRecord]
    /// Who proposed them.
    public let author: String?
    public let idempotencyKey: String?
    public internal(set) var decision = Decision.open

    /// What became of a proposal.
    public enum Decision: Sendable, Equatable {
        /// Nobody has decided yet, or what was approved did not pass its probes.
        case open
        /// Its corrections were accepted as this transaction.
        case approved(as: Int)
        /// It was turned down by this event.
        case declined(by: Int)
    }
}

extension Ledger {
    /// The proposal made under an idempotency key, unless it was declined.
    public func proposal(forRequest key: String) -> ProposedEdits? {
        proposals.values.filter { $0.idempotencyKey == key }.max { $0.id < $1.id }.flatMap {
            if case .declined = $0.decision { nil } else { $0 }
        }
    }

    /// The proposal with this id.
    ///
    /// - Throws: `EditError` for one that does not exist, or is decided already.
    public func openProposal(_ id: Int) throws -> ProposedEdits {
        guard let proposed = proposals[id] else {
            throw EditError("expected a proposal, got #\(id), which is none; see `errata log`.")
        }
        switch proposed.decision {
        case .open: return proposed
        case .approved(let transaction):
            throw EditError(
                "the proposal #\(id) was approved already, as transaction #\(transaction); propose "
                    + "again what is still wanted.")
        case .declined(let event):
            throw EditError(
                "the proposal #\(id) was declined already, by #\(event); propose again what is still "
                    + "wanted.")
        }
    }
}
