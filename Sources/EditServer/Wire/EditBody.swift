import Edits
import Errata

/// An edit as it is told: the record, where it stands in the log, and what holds of it.
struct EditBody: Encodable, Sendable {
    let object = "edit"
    let id: String
    /// The event that accepted it, which names it too.
    let event: Int
    let transaction: Int
    let state: String
    /// The event that undid or superseded it.
    let by: Int?
    /// The event that proposed it.
    let proposal: Int?
    let tenant: String?
    let record: EditRecord
    let author: String?
    let reason: String?
    let time: String
    let supersedes: [Int]

    init(_ entry: Ledger.Entry, in ledger: Ledger, tenant: String?) {
        let event = ledger.events[entry.sequence - 1]
        let standing = ledger.standing(of: entry.sequence)
        id = entry.record.id
        self.event = entry.sequence
        transaction = entry.transaction
        (state, by) = standing.named
        proposal =
            if case .edit(let edit) = event.content { edit.proposal } else { nil }
        self.tenant = tenant
        record = entry.record
        author = event.author ?? entry.record.author
        reason = event.reason ?? entry.record.reason
        time = event.time
        supersedes = entry.supersedes
    }
}

extension Ledger.Standing {
    /// The state in one word, and the event that brought it about.
    fileprivate var named: (String, Int?) {
        switch self {
        case .live: ("live", nil)
        case .pending: ("pending", nil)
        case .rejected: ("rejected", nil)
        case .undone(let event): ("undone", event)
        case .superseded(let event): ("superseded", event)
        }
    }
}

/// A proposal as it is told.
struct ProposalBody: Encodable, Sendable {
    let object = "proposal"
    /// The event that proposed it, as `#12`, which names it whatever edits are called.
    let id: String
    let event: Int
    let state: String
    let tenant: String?
    let records: [EditRecord]
    let author: String?
    let reason: String?
    let time: String

    init(_ proposed: ProposedEdits, in ledger: Ledger, tenant: String?) {
        let event = ledger.events[proposed.id - 1]
        id = "#\(proposed.id)"
        self.event = proposed.id
        state = proposed.state
        self.tenant = tenant
        records = proposed.records
        author = proposed.author
        reason = event.reason
        time = event.time
    }
}

extension ProposedEdits {
    /// The decision in one word.
    var state: String {
        switch decision {
        case .open: "proposed"
        case .approved: "approved"
        case .declined: "declined"
        }
    }
}

/// An event of the log that has to do with an edit.
struct EventBody: Encodable, Sendable {
    let event: Int
    let kind: String
    let time: String
    let author: String?
    let reason: String?
    /// What the probes found, where it says so.
    let report: GateReport?

    init(_ event: LogEvent) {
        self.event = event.sequence
        kind = event.kind.rawValue
        time = event.time
        author = event.author
        reason = event.reason
        report =
            switch event.content {
            case .publish(let publication): publication.report
            case .reject(let rejection): rejection.report
            default: nil
            }
    }
}

/// A page of a list.
struct PageBody<Item: Encodable & Sendable>: Encodable, Sendable {
    let object = "list"
    let data: [Item]
    let hasMore: Bool

    private enum CodingKeys: String, CodingKey {
        case object, data
        case hasMore = "has_more"
    }
}

/// What came of a batch of edits.
struct TransactionBody: Encodable, Sendable {
    let object = "transaction"
    /// The event of its first edit; absent where nothing was learned.
    let transaction: Int?
    /// `live` where any of its edits is, or else what holds of the last; of a proposal what was decided;
    /// `unchanged` where the log said the same already.
    let state: String
    /// The event that proposed it.
    let proposal: Int?
    /// The version that answers with it.
    let version: Int
    let edits: [EditBody]
    let report: GateReport?
    let conflicts: [Conflict]
    let leftOut: Int
    let repeated: Bool
    let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case object, transaction, state, proposal, version, edits, report, conflicts, repeated
        case seconds
        case leftOut = "left_out"
    }
}
