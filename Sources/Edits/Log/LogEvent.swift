import Foundation

/// One entry of the edit log, which is only ever appended to.
///
/// What a model is corrected by is the base checkpoint and these entries, and nothing else:
/// adapters, snapshots and indices can be made again from them.
public struct LogEvent: Codable, Sendable, Equatable, Identifiable {
    /// Its place in the log, from 1. What the log says after it is called *version* `sequence`.
    public let sequence: Int
    /// When it was written, ISO 8601 with milliseconds, in UTC.
    public let time: String
    /// Who did it.
    public let author: String?
    /// Why.
    public let reason: String?
    public let content: Content

    public var id: Int { sequence }

    /// An event of these parts.
    public init(
        sequence: Int, time: String, author: String?, reason: String?, content: Content
    ) {
        self.sequence = sequence
        self.time = time
        self.author = author
        self.reason = reason
        self.content = content
    }
}

extension LogEvent {
    /// The event that follows event `last` of a log, happening now.
    package init(_ content: Content, after last: Int, author: String?, reason: String?) {
        self.init(
            sequence: last + 1, time: timestamp(), author: author, reason: reason,
            content: content)
    }

    /// What happened.
    public enum Content: Sendable, Equatable {
        /// How the model is edited: the first event, and later ones that change the gate.
        case config(LogConfiguration)
        /// A correction was accepted; what is accepted together has one `transaction`.
        case edit(LoggedEdit)
        /// A transaction was learned, passed its probes, and went live.
        case publish(Publication)
        /// A transaction failed its probes or could not be learned; none of it is live.
        case reject(Rejection)
        /// Edits, or earlier undos, were taken back.
        case undo(Undo)
        /// Somebody's words.
        case note(String)
        /// Corrections that wait for somebody's approval.
        case propose(Proposal)
        /// A proposal was turned down.
        case decline(Decline)
    }

    /// The name of what happened, as in JSON and in tables.
    public enum Kind: String, Codable, CodingKey, Sendable, CaseIterable {
        case config, edit, publish, reject, undo, note, propose, decline
    }

    public var kind: Kind { content.kind }
}

/// A correction as the log keeps it.
public struct LoggedEdit: Codable, Sendable, Equatable {
    public let record: EditRecord
    /// The event of the first edit that was accepted together with this one.
    public let transaction: Int
    /// Earlier edits that hold no more while this one does.
    public let supersedes: [Int]
    /// What the sender calls the request, so that sending it twice does it once.
    public let idempotencyKey: String?
    /// Tells this request from others under its key, edits that were left out included; where it has
    /// a key, in the first edit of its transaction.
    public let requestDigest: String?
    /// On what terms its transaction goes live, where they are not the log's; in the first edit.
    public let terms: PublishingTerms?
    /// The event that proposed it, where it was proposed first.
    public let proposal: Int?

    public init(
        record: EditRecord, transaction: Int, supersedes: [Int] = [],
        idempotencyKey: String? = nil, requestDigest: String? = nil,
        terms: PublishingTerms? = nil, proposal: Int? = nil
    ) {
        self.record = record
        self.transaction = transaction
        self.supersedes = supersedes
        self.idempotencyKey = idempotencyKey
        self.requestDigest = requestDigest
        self.terms = terms
        self.proposal = proposal
    }
}

/// On what terms a transaction goes live; kept with it, so that a crash does not change them.
public struct PublishingTerms: Codable, Sendable, Equatable {
    /// What its edits must pass; absent for what the log says.
    public let gate: GateConfiguration?
    /// Whether it goes live although probes fail.
    public let isForced: Bool

    public init(gate: GateConfiguration?, isForced: Bool) {
        self.gate = gate
        self.isForced = isForced
    }
}

/// Corrections that somebody proposes, to be accepted together when somebody else approves.
public struct Proposal: Codable, Sendable, Equatable {
    public let records: [EditRecord]
    /// What the sender calls the request, so that sending it twice does it once.
    public let idempotencyKey: String?

    public init(records: [EditRecord], idempotencyKey: String? = nil) {
        self.records = records
        self.idempotencyKey = idempotencyKey
    }
}

/// A proposal that nobody will approve any more.
public struct Decline: Codable, Sendable, Equatable {
    /// The event that proposed it.
    public let proposal: Int

    public init(proposal: Int) { self.proposal = proposal }
}

/// A transaction that went live.
public struct Publication: Codable, Sendable, Equatable {
    public let transaction: Int
    /// Names what the adapters have learned, in which order and how: see `StateKey`.
    public let state: String
    /// Whether it went live although probes failed.
    public let isForced: Bool
    /// What the probes found; absent where none were asked for.
    public let report: GateReport?

    public init(transaction: Int, state: String, isForced: Bool, report: GateReport?) {
        self.transaction = transaction
        self.state = state
        self.isForced = isForced
        self.report = report
    }
}

/// A transaction that did not go live.
public struct Rejection: Codable, Sendable, Equatable {
    public let transaction: Int
    /// What the probes found; absent where learning itself failed.
    public let report: GateReport?

    public init(transaction: Int, report: GateReport?) {
        self.transaction = transaction
        self.report = report
    }
}

/// Something taken back.
public struct Undo: Codable, Sendable, Equatable {
    /// Events of edits, or of earlier undos, which are then undone themselves.
    public let targets: [Int]

    public init(targets: [Int]) { self.targets = targets }
}

extension LogEvent.Content: Codable {
    var kind: LogEvent.Kind {
        switch self {
        case .config: .config
        case .edit: .edit
        case .publish: .publish
        case .reject: .reject
        case .undo: .undo
        case .note: .note
        case .propose: .propose
        case .decline: .decline
        }
    }

    /// One key, the kind, with what belongs to it: `{"undo": {"targets": [12]}}`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: LogEvent.Kind.self)
        guard let kind = values.allKeys.first, values.allKeys.count == 1 else {
            throw EditError("expected an event of one kind, got \(values.allKeys.count) kinds")
        }
        self =
            switch kind {
            case .config: .config(try values.decode(LogConfiguration.self, forKey: kind))
            case .edit: .edit(try values.decode(LoggedEdit.self, forKey: kind))
            case .publish: .publish(try values.decode(Publication.self, forKey: kind))
            case .reject: .reject(try values.decode(Rejection.self, forKey: kind))
            case .undo: .undo(try values.decode(Undo.self, forKey: kind))
            case .note: .note(try values.decode(String.self, forKey: kind))
            case .propose: .propose(try values.decode(Proposal.self, forKey: kind))
            case .decline: .decline(try values.decode(Decline.self, forKey: kind))
            }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: LogEvent.Kind.self)
        switch self {
        case .config(let configuration): try values.encode(configuration, forKey: .config)
        case .edit(let edit): try values.encode(edit, forKey: .edit)
        case .publish(let publication): try values.encode(publication, forKey: .publish)
        case .reject(let rejection): try values.encode(rejection, forKey: .reject)
        case .undo(let undo): try values.encode(undo, forKey: .undo)
        case .note(let text): try values.encode(text, forKey: .note)
        case .propose(let proposal): try values.encode(proposal, forKey: .propose)
        case .decline(let decline): try values.encode(decline, forKey: .decline)
        }
    }
}

/// Now, in ISO 8601 with milliseconds, in UTC.
package func timestamp() -> String {
    Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
