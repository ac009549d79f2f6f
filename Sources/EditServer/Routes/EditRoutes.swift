import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// /v1/edits: corrections arrive, are looked up, and are taken back.
struct EditRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.post("edits") { request, context in try await apply(request, context) }
        group.get("edits") { request, context in try await list(request, context) }
        group.get("edits/:id") { _, context in try await one(context) }
        group.delete("edits/:id") { request, context in try await undo(request, context) }
        group.post("edits/:id/approve") { request, context in
            try await approve(request, context)
        }
        group.post("edits/:id/decline") { request, context in
            try await decline(request, context)
        }
    }

    private func apply(_ request: Request, _ context: ServerContext) async throws -> Response {
        try requireWritable()
        try context.caller.require(.propose, .approve)
        let body = try await service.body(EditRequest.self, of: request)
        guard body.edits.count <= service.settings.maximumEdits else {
            throw APIError.wrong(
                "edits",
                "expected at most \(service.settings.maximumEdits) edits, got \(body.edits.count); "
                    + "send several requests.")
        }
        let tenant = try await service.tenant(context)
        let options = body.options(
            author: context.caller.name, key: try Self.idempotencyKey(of: request))
        if service.settings.needsApproval, !context.caller.may(.admin) {
            return try await propose(body.edits, options, tenant)
        }
        return try await land(tenant) { try await tenant.model.apply(body.edits, options: options) }
    }

    /// Lets edits land, and says what came of it. The client may go meanwhile: what is accepted is
    /// brought to its end.
    private func land(
        _ tenant: Tenant, _ body: @escaping @Sendable () async throws -> ApplyReport
    ) async throws -> Response {
        let service = service
        let task = Task {
            try await service.changes.pass {
                let start = ContinuousClock.now
                do {
                    let report = try await body()
                    service.meters.applied(report.edits, "live", after: .now - start)
                    return report
                } catch {
                    service.meters.applied(1, "refused", after: .now - start)
                    throw error
                }
            }
        }
        let report = try await task.value
        let ledger = await tenant.model.ledger
        let entries = report.transaction.flatMap(ledger.transaction)?.entries ?? []
        return try EditService.json(
            TransactionBody(
                transaction: report.transaction,
                state: report.transaction == nil ? "unchanged" : "live", proposal: nil,
                version: tenant.versions.current.number,
                edits: entries.map {
                    EditBody(ledger.entries[$0]!, in: ledger, tenant: tenant.name)
                },
                report: report.gate, conflicts: report.conflicts, leftOut: report.leftOut,
                repeated: report.isRepeated, seconds: report.seconds))
    }

    private func propose(
        _ edits: [EditRecord], _ options: ApplyOptions, _ tenant: Tenant
    ) async throws -> Response {
        let event = try await service.changes.pass {
            try await tenant.model.propose(edits, options: options)
        }
        service.meters.applied(edits.count, "proposed", after: nil)
        return try EditService.json(
            TransactionBody(
                transaction: nil, state: "proposed", proposal: event,
                version: tenant.versions.current.number, edits: [], report: nil, conflicts: [],
                leftOut: 0, repeated: false, seconds: 0),
            status: .accepted)
    }

    private func approve(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, tenant, reason) = try await decision(request, context)
        let proposed = try await tenant.model.ledger.openProposal(id)
        guard context.caller.name == nil || proposed.author != context.caller.name else {
            throw APIError(
                .forbidden,
                "expected somebody else than the proposer to approve, got the same token; ask another.",
                type: .permission, code: "own_proposal")
        }
        var options = ApplyOptions()
        options.author = context.caller.name
        options.reason = reason
        return try await land(tenant) { [options] in
            try await tenant.model.approve(id, options: options)
        }
    }

    private func decline(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, tenant, reason) = try await decision(request, context)
        _ = try await tenant.model.decline(id, author: context.caller.name, reason: reason)
        let ledger = await tenant.model.ledger
        return try EditService.json(
            ProposalBody(ledger.proposals[id]!, in: ledger, tenant: tenant.name))
    }

    /// What is to be decided, and why.
    private func decision(
        _ request: Request, _ context: ServerContext
    ) async throws -> (id: Int, tenant: Tenant, reason: String?) {
        try requireWritable()
        try context.caller.require(.approve)
        let tenant = try await service.tenant(context)
        let text = try Self.name(context)
        let reason = try await reason(in: request)
        guard let id = Int(text.hasPrefix("#") ? String(text.dropFirst()) : text),
            await tenant.model.ledger.proposals[id] != nil
        else { throw Self.missing("a proposal", text) }
        return (id, tenant, reason)
    }

    private func undo(_ request: Request, _ context: ServerContext) async throws -> Response {
        try requireWritable()
        try context.caller.require(.approve)
        let tenant = try await service.tenant(context)
        let name = try Self.name(context)
        let reason = try await reason(in: request)
        guard (try? await tenant.model.ledger.event(named: name)) != nil else {
            throw Self.missing("an edit or an event of the log", name)
        }
        let author = context.caller.name
        let report = try await service.changes.pass {
            try await tenant.model.undo(
                [name], author: author, reason: reason, settling: false)
        }
        service.meters.applied(report.targets.count, "undone", after: nil)
        // It fires no more; that the adapters forget it may take its time.
        let model = tenant.model
        let chores = service.chores
        chores.begin {
            _ = try await model.settle { _ in try chores.check() }
        }
        let ledger = await tenant.model.ledger
        return try EditService.json(
            UndoBody(
                event: report.event, version: tenant.versions.current.number,
                edits: report.targets.compactMap { ledger.entries[$0] }.map {
                    EditBody($0, in: ledger, tenant: tenant.name)
                }))
    }

    /// What an undo did.
    private struct UndoBody: Encodable {
        let object = "undo"
        /// The event that did it; DELETE of it brings back what was taken back.
        let event: Int
        let version: Int
        let edits: [EditBody]
    }
}

extension EditRoutes {
    private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        try context.caller.require(.propose, .approve)
        let tenant = try await service.tenant(context)
        let filter = try EditFilter(request.uri.queryParameters)
        let ledger = await tenant.model.ledger
        if filter.wantsProposals {
            let found = filter.proposals(in: ledger)
            return try EditService.json(
                PageBody(
                    data: found.page.map { ProposalBody($0, in: ledger, tenant: tenant.name) },
                    hasMore: found.hasMore))
        }
        let found = filter.edits(in: ledger, tenant: tenant.name)
        return try EditService.json(PageBody(data: found.page, hasMore: found.hasMore))
    }

    private func one(_ context: ServerContext) async throws -> Response {
        try context.caller.require(.propose, .approve)
        let tenant = try await service.tenant(context)
        let name = try Self.name(context)
        let ledger = await tenant.model.ledger
        guard let event = try? ledger.event(named: name) else {
            throw Self.missing("an edit or a proposal", name)
        }
        if let proposed = ledger.proposals[event.sequence] {
            return try EditService.json(ProposalBody(proposed, in: ledger, tenant: tenant.name))
        }
        guard let entry = ledger.entries[event.sequence] else {
            throw Self.missing("an edit or a proposal", name)
        }
        return try EditService.json(
            StoryBody(
                edit: EditBody(entry, in: ledger, tenant: tenant.name),
                story: ledger.story(of: entry).map(EventBody.init)))
    }

    /// An edit with everything that happened to it.
    private struct StoryBody: Encodable {
        let edit: EditBody
        let story: [EventBody]

        private enum Keys: String, CodingKey { case story }

        func encode(to encoder: any Encoder) throws {
            try edit.encode(to: encoder)
            var values = encoder.container(keyedBy: Keys.self)
            try values.encode(story, forKey: .story)
        }
    }

    private func requireWritable() throws {
        guard !service.settings.isReadOnly else {
            throw APIError(
                .forbidden, "this server follows another one and changes nothing; ask that one.",
                type: .permission, code: "read_only")
        }
    }

    /// Why, where the request has a body that says so.
    private func reason(in request: Request) async throws -> String? {
        guard request.headers[.contentType] != nil else { return nil }
        return try await service.body(ReasonRequest.self, of: request).reason
    }

    private static func name(_ context: ServerContext) throws -> String {
        let text = try context.parameters.require("id")
        return text.removingPercentEncoding ?? text
    }

    private static func missing(_ expected: String, _ name: String) -> APIError {
        APIError(
            .notFound,
            "expected \(expected), got `\(name.prefix(80))`; GET /v1/edits lists what there is.",
            param: "id", code: "edit_not_found")
    }

    private static func idempotencyKey(of request: Request) throws -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard 1...256 ~= key.utf8.count else {
            throw APIError.wrong(
                "Idempotency-Key", "expected an Idempotency-Key of 1 to 256 bytes, got another.")
        }
        return key
    }
}
