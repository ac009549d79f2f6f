public import Foundation

/// What a log says: which edits were accepted together, and which of them hold.
///
/// A pure function of the events. Reading fewer of them gives the ledger of an earlier version.
public struct Ledger: Sendable, Equatable {
    /// Every event, in order.
    public private(set) var events: [LogEvent] = []
    /// How edits are learned and what they must pass, as the latest config event has it; nil before
    /// the first.
    public private(set) var configuration: LogConfiguration?
    /// Every edit by the event that accepted it.
    public private(set) var entries: [Int: Entry] = [:]
    /// Transactions in the order in which they were accepted.
    public private(set) var transactions: [Transaction] = []

    /// What was proposed, by the event that proposed it.
    public private(set) var proposals: [Int: ProposedEdits] = [:]

    private var places: [Int: Int] = [:]
    private var requests: [String: Int] = [:]
    private var identifiers: [String: [Int]] = [:]
    /// The latest undo in force of each event.
    private var undone: [Int: Int] = [:]
    /// The latest edit in force that supersedes each edit.
    private var superseded: [Int: Int] = [:]

    /// An edit with its place in the log.
    public struct Entry: Sendable, Equatable, Identifiable {
        /// The event that accepted it.
        public let sequence: Int
        public let record: EditRecord
        public let transaction: Int
        public let supersedes: [Int]

        public var id: Int { sequence }
    }

    /// Edits that were accepted together, and land together or not at all.
    public struct Transaction: Sendable, Equatable, Identifiable {
        /// The event of its first edit.
        public let id: Int
        public fileprivate(set) var entries: [Int]
        public fileprivate(set) var outcome: Outcome
        public let idempotencyKey: String?
        /// Tells the request that was made under this key from others.
        public let requestDigest: String?
        /// On what terms it goes live; nil for the log's.
        public let terms: PublishingTerms?
    }

    /// What became of a transaction.
    public enum Outcome: String, Codable, Sendable {
        /// Accepted, not yet learned and probed.
        case pending
        case published
        case rejected
    }

    /// What holds of one edit.
    public enum Standing: Sendable, Equatable {
        /// The model answers with it.
        case live
        /// Accepted, not yet learned and probed.
        case pending
        case rejected
        /// Taken back by this event.
        case undone(by: Int)
        /// This later edit holds in its stead.
        case superseded(by: Int)
    }

    /// An empty log.
    public init() {}

    /// The ledger of these events.
    ///
    /// - Throws: as `append`.
    public init(_ events: some Sequence<LogEvent>) throws {
        for event in events { try take(event) }
        judge()
    }
}

extension Ledger {
    /// Takes in the next event.
    ///
    /// - Throws: `EditError` for an event that does not follow from those before it.
    public mutating func append(_ event: LogEvent) throws {
        try append(contentsOf: CollectionOfOne(event))
    }

    /// Takes in the next events, which costs hardly more than taking in one of them.
    ///
    /// - Throws: as for one; what came before that one is taken in.
    public mutating func append(contentsOf events: some Sequence<LogEvent>) throws {
        var isJudged = true
        defer { if !isJudged { judge() } }
        for event in events {
            try take(event)
            if changesStandings(event) { isJudged = false }
        }
    }

    private mutating func take(_ event: LogEvent) throws {
        guard event.sequence == version + 1 else {
            throw EditError(
                "expected event \(version + 1) of the log, got \(event.sequence); restore a backup."
            )
        }
        switch event.content {
        case .config(let new): configuration = new
        case .edit(let edit): try accept(edit, at: event.sequence)
        case .publish(let publication): try close(publication.transaction, as: .published)
        case .reject(let rejection): try close(rejection.transaction, as: .rejected)
        case .propose(let proposal):
            proposals[event.sequence] = ProposedEdits(
                id: event.sequence, records: proposal.records, author: event.author,
                idempotencyKey: proposal.idempotencyKey)
        case .decline(let decline): try decide(decline.proposal, .declined(by: event.sequence))
        case .undo, .note: break
        }
        events.append(event)
    }

    private mutating func accept(_ edit: LoggedEdit, at sequence: Int) throws {
        let place = places[edit.transaction]
        guard
            place.map({ transactions[$0].outcome == .pending }) ?? (edit.transaction == sequence)
        else {
            throw EditError(
                "expected edit \(sequence) of the log to open a transaction or join a pending one, "
                    + "got \(edit.transaction); restore a backup.")
        }
        entries[sequence] = Entry(
            sequence: sequence, record: edit.record, transaction: edit.transaction,
            supersedes: edit.supersedes)
        identifiers[edit.record.id, default: []].append(sequence)
        if let place {
            transactions[place].entries.append(sequence)
        } else {
            places[edit.transaction] = transactions.count
            transactions.append(
                Transaction(
                    id: edit.transaction, entries: [sequence], outcome: .pending,
                    idempotencyKey: edit.idempotencyKey, requestDigest: edit.requestDigest,
                    terms: edit.terms))
            if let key = edit.idempotencyKey { requests[key] = edit.transaction }
            if let proposal = edit.proposal {
                try decide(proposal, .approved(as: edit.transaction))
            }
        }
    }

    private mutating func decide(
        _ proposal: Int, _ decision: ProposedEdits.Decision
    ) throws {
        guard proposals[proposal]?.decision == .open else {
            throw EditError(
                "expected event \(version + 1) of the log to decide an open proposal, got "
                    + "\(proposal); restore a backup.")
        }
        proposals[proposal]!.decision = decision
    }

    private mutating func close(_ transaction: Int, as outcome: Outcome) throws {
        guard let place = places[transaction], transactions[place].outcome == .pending else {
            throw EditError(
                "expected event \(version + 1) of the log to close a pending transaction, got "
                    + "\(transaction); restore a backup.")
        }
        transactions[place].outcome = outcome
        if outcome == .rejected, let key = transactions[place].idempotencyKey,
            requests[key] == transaction
        {
            // What was refused may be sent again.
            requests[key] = nil
        }
        guard outcome == .rejected else { return }
        for (id, proposed) in proposals where proposed.decision == .approved(as: transaction) {
            proposals[id]!.decision = .open
        }
    }

    private func changesStandings(_ event: LogEvent) -> Bool {
        switch event.content {
        case .undo: true
        case .edit(let edit): !edit.supersedes.isEmpty
        case .reject: !superseded.isEmpty
        case .config, .publish, .note, .propose, .decline: false
        }
    }

    /// Finds anew what is undone and superseded. Later undos first, since they decide whether
    /// earlier ones are in force.
    private mutating func judge() {
        undone = [:]
        for event in events.reversed() {
            guard case .undo(let undo) = event.content, undone[event.sequence] == nil else {
                continue
            }
            for target in undo.targets where undone[target] == nil {
                undone[target] = event.sequence
            }
        }
        superseded = [:]
        // What an edit replaces it replaces with all that was replaced before, so that taking back
        // the edit in between does not bring back the one before that.
        var replaced: [Int: Set<Int>] = [:]
        for entry in entries.values.sorted(by: { $0.sequence < $1.sequence })
        where !entry.supersedes.isEmpty {
            let all = entry.supersedes.reduce(into: Set(entry.supersedes)) {
                $0.formUnion(replaced[$1] ?? [])
            }
            replaced[entry.sequence] = all
            guard undone[entry.sequence] == nil, outcome(of: entry) != .rejected else { continue }
            for target in all { superseded[target] = entry.sequence }
        }
    }
}

extension Ledger {
    /// The number of the latest event; 0 for an empty log.
    public var version: Int { events.last?.sequence ?? 0 }

    /// The ledger as it stood right after event `version`.
    ///
    /// - Throws: `EditError` for a version that the log does not have.
    public func at(version: Int) throws -> Ledger {
        guard version >= 1, version <= self.version else {
            throw EditError(
                "expected a version from 1 to \(self.version), got \(version); "
                    + "`errata log` lists them.")
        }
        return try Ledger(events.prefix(version))
    }

    /// How many edits held right after each of `versions`, found in one pass over the log.
    public func liveCounts(at versions: Set<Int>) throws -> [Int: Int] {
        var ledger = Ledger()
        var counts: [Int: Int] = [:]
        for wanted in versions.sorted() where wanted > 0 && wanted <= version {
            try ledger.append(contentsOf: events[ledger.version..<wanted])
            counts[wanted] = ledger.live.reduce(0) { $0 + $1.count }
        }
        return counts
    }

    /// What holds of the edit that event `sequence` accepted.
    public func standing(of sequence: Int) -> Standing {
        guard let entry = entries[sequence] else {
            preconditionFailure("event \(sequence) is no edit")
        }
        if outcome(of: entry) == .rejected { return .rejected }
        if let undo = undone[sequence] { return .undone(by: undo) }
        if let later = superseded[sequence] { return .superseded(by: later) }
        return outcome(of: entry) == .published ? .live : .pending
    }

    /// The edits that hold, those of one published transaction together.
    public var live: [[Int]] { batches { $0.outcome == .published } }

    /// Live edits whose validity has passed.
    public func expired(at now: Date) -> [Entry] {
        live.joined().map { entries[$0]! }.filter { $0.record.isExpired(at: now) }
    }

    /// The edits that are accepted and will be learned next, by transaction.
    public var pending: [[Int]] { batches { $0.outcome == .pending } }

    /// The ledger as it would be without what is pending: what that supersedes holds.
    public var withoutPending: Ledger {
        var ledger = self
        for place in transactions.indices where transactions[place].outcome == .pending {
            ledger.transactions[place].outcome = .rejected
        }
        ledger.judge()
        return ledger
    }

    private func batches(_ isWanted: (Transaction) -> Bool) -> [[Int]] {
        transactions.filter(isWanted).map { transaction in
            transaction.entries.filter { undone[$0] == nil && superseded[$0] == nil }
        }.filter { !$0.isEmpty }
    }

    private func outcome(of entry: Entry) -> Outcome {
        transactions[places[entry.transaction]!].outcome
    }

    /// The undo that took event `sequence` back, if one is in force.
    public func undoing(_ sequence: Int) -> Int? { undone[sequence] }

    /// The transaction accepted under an idempotency key, unless it was rejected.
    public func transaction(forRequest key: String) -> Transaction? {
        requests[key].map { transactions[places[$0]!] }
    }

    /// The transaction with this id.
    public func transaction(_ id: Int) -> Transaction? { places[id].map { transactions[$0] } }

    /// Every edit that was given this identifier, oldest first.
    public func entries(identifiedBy id: String) -> [Entry] {
        (identifiers[id] ?? []).map { entries[$0]! }
    }

    /// The edit an answer's trace names: of several with one identifier the one that holds, or
    /// else the latest.
    public func entry(identifiedBy id: String) -> Entry? {
        let all = entries(identifiedBy: id)
        return all.last { standing(of: $0.sequence) == .live } ?? all.last
    }

    /// The event that somebody means by `name`: `#12` is always the event of that number; anything
    /// else is the identifier of an edit, and where none has it, a number without `#` is an event.
    ///
    /// Data files number their edits, so `12` has to find the edit first. `#12` must not: whoever
    /// names an edit so would have it taken back in the event's stead, or the other way round.
    ///
    /// - Throws: `EditError` for a name that the log does not have.
    public func event(named name: String) throws -> LogEvent {
        let sequence = Ledger.number(in: name)
        let mayBeIdentifier = sequence == nil || !name.hasPrefix("#")
        if mayBeIdentifier, let entry = entry(identifiedBy: name) {
            return events[entry.sequence - 1]
        }
        if let sequence, sequence >= 1, sequence <= version { return events[sequence - 1] }
        let known = identifiers.keys.sorted()
        throw EditError(
            known.count <= 200
                ? unknown(name, among: known, what: "edit")
                : "edit `\(name)` is unknown; `errata log` lists what there is.")
    }

    /// The number in `12` or `#12`, which can be meant as an event; nil for any other name.
    public static func number(in name: String) -> Int? {
        let digits = name.hasPrefix("#") ? name.dropFirst() : name[...]
        return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }
}
