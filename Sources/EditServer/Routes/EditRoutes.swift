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
        try service.permit(context.caller, to: .propose, .approve)
        let body = try await service.body(EditRequest.self, of: request)
        let tenant = try await service.tenant(context)
        let options = body.options(
            author: context.caller.name, key: try Self.idempotencyKey(of: request))
        switch try await service.apply(body.edits, options, by: context.caller, to: tenant) {
        case .landed(let report): return try await answer(report, tenant)
        case .proposed(let event):
            let proposed = await tenant.model.ledger.proposals[event]!
            return try EditService.json(
                TransactionBody(
                    transaction: nil, state: proposed.state, proposal: event,
                    version: tenant.versions.current.number, edits: [], report: nil,
                    conflicts: [], leftOut: 0, repeated: false, seconds: 0),
                status: .accepted)
        }
    }

    /// What came of edits that landed.
    private func answer(_ report: ApplyReport, _ tenant: Tenant) async throws -> Response {
        let ledger = await tenant.model.ledger
        let entries = report.transaction.flatMap(ledger.transaction)?.entries ?? []
        let edits = entries.map { EditBody(ledger.entries[$0]!, in: ledger, tenant: tenant.name) }
        // A request that is repeated may find what it did undone or superseded.
        let standing = edits.first { $0.state == "live" } ?? edits.last
        return try EditService.json(
            TransactionBody(
                transaction: report.transaction, state: standing?.state ?? "unchanged",
                proposal: nil, version: tenant.versions.current.number, edits: edits,
                report: report.gate, conflicts: report.conflicts, leftOut: report.leftOut,
                repeated: report.isRepeated, seconds: report.seconds))
    }

    private func approve(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, tenant) = try await decision(context)
        let body = try await optional(ApprovalRequest.self, of: request) ?? ApprovalRequest()
        let report = try await service.approve(
            id, body.options(author: context.caller.name), by: context.caller, in: tenant)
        return try await answer(report, tenant)
    }

    private func decline(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, tenant) = try await decision(context)
        let reason = try await optional(ReasonRequest.self, of: request)?.reason
        try await service.decline(id, reason: reason, by: context.caller, in: tenant)
        let ledger = await tenant.model.ledger
        return try EditService.json(
            ProposalBody(ledger.proposals[id]!, in: ledger, tenant: tenant.name))
    }

    /// The proposal that is to be decided.
    private func decision(_ context: ServerContext) async throws -> (id: Int, tenant: Tenant) {
        try service.permit(context.caller, to: .approve)
        let tenant = try await service.tenant(context)
        let text = try Self.name(context)
        guard let id = Int(text.hasPrefix("#") ? String(text.dropFirst()) : text),
            await tenant.model.ledger.proposals[id] != nil
        else { throw APIError.missing("a proposal", text) }
        return (id, tenant)
    }

    private func undo(_ request: Request, _ context: ServerContext) async throws -> Response {
        try service.permit(context.caller, to: .approve)
        let tenant = try await service.tenant(context)
        let name = try Self.name(context)
        let reason = try await optional(ReasonRequest.self, of: request)?.reason
        let report = try await service.undo(name, reason: reason, by: context.caller, in: tenant)
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
            throw APIError.missing("an edit or a proposal", name)
        }
        if let proposed = ledger.proposals[event.sequence] {
            return try EditService.json(ProposalBody(proposed, in: ledger, tenant: tenant.name))
        }
        guard let entry = ledger.entries[event.sequence] else {
            throw APIError.missing("an edit or a proposal", name)
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

    /// The body of a request that may do without.
    private func optional<Body: Decodable & Sendable>(
        _: Body.Type, of request: Request
    ) async throws -> Body? {
        let isEmpty = request.headers[.contentLength].map { $0 == "0" } ?? true
        guard !isEmpty || request.headers[.transferEncoding] != nil else { return nil }
        return try await service.body(Body.self, of: request)
    }

    private static func name(_ context: ServerContext) throws -> String {
        let text = try context.parameters.require("id")
        return text.removingPercentEncoding ?? text
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
