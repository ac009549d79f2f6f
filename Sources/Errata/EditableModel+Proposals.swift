import Editing
public import Edits

/// Corrections that one person proposes and another approves.
extension EditableModel {
    /// Writes `edits` into the log as a proposal: they change nothing until somebody approves.
    ///
    /// - Returns: the event, which names the proposal; that of the first time, where the request was
    ///   made before.
    /// - Throws: the first edit's fault in one sentence; another where the request was made before
    ///   with other edits, or landed without a proposal, as `repeated` tells.
    @discardableResult
    public func propose(
        _ edits: [EditRecord], options: ApplyOptions = ApplyOptions()
    ) async throws -> Int {
        guard !edits.isEmpty else {
            throw ErrataError("expected at least one edit, got none; give a prompt and a target.")
        }
        return try await exclusively {
            try await beginWriting()
            try adapters.method.validate(edits)
            if let key = options.idempotencyKey,
                let earlier = journal.ledger.proposal(forRequest: key)
            {
                guard earlier.records == edits else {
                    throw ErrataError(
                        "the request `\(key)` was made before with other edits; give a new one a key "
                            + "of its own.")
                }
                return earlier.id
            }
            if let landed = try repeated(edits, options: options) {
                throw ErrataError(
                    "expected a request that was not made before, got `\(options.idempotencyKey!)`, "
                        + "whose edits landed as #\(landed.transaction!); nothing waits for approval."
                )
            }
            let proposal = Proposal(records: edits, idempotencyKey: options.idempotencyKey)
            let event = try journal.append(
                [.propose(proposal)], author: options.author, reason: options.reason)[0]
            announce()
            return event.sequence
        }
    }

    /// Applies what was proposed, as `apply` does; a proposal that does not pass stays open.
    ///
    /// - Throws: `EditError` for what is no open proposal, and as `apply`.
    @discardableResult
    public func approve(
        _ proposal: Int, options: ApplyOptions = ApplyOptions()
    ) async throws -> ApplyReport {
        try await exclusively {
            try await beginWriting()
            let proposed = try journal.ledger.openProposal(proposal)
            var options = options
            options.proposal = proposal
            options.idempotencyKey = proposed.idempotencyKey
            return try await land(proposed.records, options: options)
        }
    }

    /// Turns a proposal down.
    ///
    /// - Returns: the event that did it.
    /// - Throws: `EditError` for what is no open proposal.
    @discardableResult
    public func decline(
        _ proposal: Int, author: String? = nil, reason: String? = nil
    ) async throws -> Int {
        try await exclusively {
            try await beginWriting()
            _ = try journal.ledger.openProposal(proposal)
            let event = try journal.append(
                [.decline(Decline(proposal: proposal))], author: author, reason: reason)[0]
            announce()
            return event.sequence
        }
    }

    /// Takes the writer's lock, and finishes what another writer had no time for.
    public func prepareToWrite() async throws {
        try await exclusively { try await beginWriting() }
    }

    /// Does what the first edit would have to wait for: lets the base model write, so that it is
    /// known what its own text is like.
    public func warmUp() async throws {
        try await exclusively { _ = try known() }
    }
}
