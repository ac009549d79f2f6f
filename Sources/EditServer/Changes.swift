import Edits
import Errata
import HTTPTypes

/// Whatever changes a model, the same for programs and for people at the page.
extension EditService {
    /// - Throws: `APIError` where nothing may be changed here, or not by this caller.
    func permit(_ caller: Caller, to roles: Role...) throws {
        guard !settings.isReadOnly else {
            throw APIError(
                .forbidden,
                "this server follows \(settings.writer ?? "another one") and changes nothing; send it "
                    + "there.",
                type: .permission, code: "read_only")
        }
        try caller.require(roles)
    }

    /// What became of edits that were sent.
    enum Reception: Sendable {
        case landed(ApplyReport)
        /// They wait, as this proposal, for somebody's approval.
        case proposed(Int)
    }

    /// The most bytes of an edit's name: it stands in the headers of answers.
    static let longestName = 256

    /// Lets edits land, or writes them down as a proposal where somebody has to approve.
    ///
    /// - Parameter waiting: whether they are to wait although they need not.
    func apply(
        _ edits: [EditRecord], _ options: ApplyOptions, by caller: Caller, to tenant: Tenant,
        waiting: Bool = false
    ) async throws -> Reception {
        guard edits.count <= settings.maximumEdits else {
            throw APIError.wrong(
                "edits",
                "expected at most \(settings.maximumEdits) edits, got \(edits.count); send several "
                    + "requests.")
        }
        if let edit = edits.first(where: { Ledger.number(in: $0.id) != nil }) {
            throw APIError.wrong(
                "edits",
                "expected names of edits that are not numbers, by which events of the log are called, "
                    + "got `\(edit.id.prefix(80))`; put a word before it, or leave `id` out.")
        }
        guard edits.allSatisfy({ $0.id.utf8.count <= Self.longestName }) else {
            throw APIError.wrong(
                "edits",
                "expected names of edits of at most \(Self.longestName) bytes, got a longer one; shorten "
                    + "it, or leave `id` out.")
        }
        guard waiting || settings.needsApproval && !caller.may(.admin) else {
            return .landed(
                try await land(edits.count) {
                    try await tenant.model.apply(edits, options: options)
                })
        }
        if let earlier = try await tenant.model.repeated(edits, options: options) {
            return .landed(earlier)
        }
        let event = try await changes.pass {
            try await tenant.model.propose(edits, options: options)
        }
        meters.applied(edits.count, "proposed")
        return .proposed(event)
    }

    /// Approves what somebody else proposed.
    func approve(
        _ proposal: Int, _ options: ApplyOptions, by caller: Caller, in tenant: Tenant
    ) async throws -> ApplyReport {
        let proposed = try await decided { try await tenant.model.ledger.openProposal(proposal) }
        guard caller.name == nil || proposed.author != caller.name else {
            throw APIError(
                .forbidden,
                "expected somebody else than the proposer to approve, got the same token; ask another.",
                type: .permission, code: "own_proposal")
        }
        return try await land(proposed.records.count) {
            try await tenant.model.approve(proposal, options: options)
        }
    }

    /// Turns a proposal down.
    func decline(
        _ proposal: Int, reason: String?, by caller: Caller, in tenant: Tenant
    ) async throws {
        _ = try await decided {
            try await tenant.model.decline(proposal, author: caller.name, reason: reason)
        }
    }

    /// Takes back an edit, a publication, or an earlier undo. It fires no more when this returns; that
    /// the adapters forget it takes its time beside everything else.
    func undo(
        _ name: String, reason: String?, by caller: Caller, in tenant: Tenant
    ) async throws -> UndoReport {
        guard let event = try? await tenant.model.ledger.event(named: name) else {
            throw APIError.missing("an edit or an event of the log", name)
        }
        guard [.edit, .publish, .undo].contains(event.kind) else {
            throw APIError(
                .badRequest,
                "expected an edit, a publication or an undo to take back, got #\(event.sequence), a "
                    + "\(event.kind.rawValue); GET /v1/edits lists what there is.",
                param: "id", code: "cannot_be_undone")
        }
        let report = try await changes.pass {
            try await decided {
                try await tenant.model.undo(
                    [name], author: caller.name, reason: reason, settling: false)
            }
        }
        meters.applied(report.targets.count, "undone")
        let (model, chores) = (tenant.model, chores)
        chores.begin {
            _ = try await model.settle { _ in try chores.check() }
        }
        return report
    }

    /// Waits until edits have landed. Whoever sent them may go meanwhile: what is accepted is brought
    /// to its end.
    ///
    /// - Parameter count: how many there are.
    private func land(
        _ count: Int, _ body: @escaping @Sendable () async throws -> ApplyReport
    ) async throws -> ApplyReport {
        let task = Task { [changes, meters] in
            try await changes.pass {
                let start = ContinuousClock.now
                do {
                    let report = try await body()
                    // A repeated request finds what the first one did.
                    if report.transaction != nil, !report.isRepeated {
                        meters.applied(report.edits, "live")
                        meters.landed(after: .now - start)
                    }
                    return report
                } catch {
                    meters.applied(count, "refused")
                    throw error
                }
            }
        }
        return try await task.value
    }
}

/// Runs `body`, for which it may be too late: what it was to change is decided or taken back.
private func decided<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as EditError {
        throw APIError(.conflict, error.message, code: "already_decided")
    }
}
