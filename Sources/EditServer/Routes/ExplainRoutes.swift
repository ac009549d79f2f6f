import Edits
import Errata
import Hummingbird
import HummingbirdCore

/// POST /v1/explain: what the unedited and the edited model say to a prompt, and why.
struct ExplainRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.post("explain") { request, context in try await explain(request, context) }
    }

    private struct Body: Decodable {
        let prompt: String
        /// Nil for the current version.
        let model: String?
        let maximumTokens: Int?

        private enum CodingKeys: String, CodingKey {
            case prompt, model
            case maximumTokens = "max_tokens"
        }
    }

    private struct Explanation: Encodable {
        let object = "explanation"
        let model: String
        let prompt: String
        let before: String
        let after: String
        let changed: Bool
        let trace: RouteTrace
        /// The edit that the trace names.
        let edit: EditBody?
    }

    private func explain(_ request: Request, _ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask, .propose, .approve)
        let body = try await service.body(Body.self, of: request)
        let count = body.maximumTokens ?? 32
        guard 1...1_000_000 ~= count else {
            throw APIError.wrong(
                "max_tokens", "expected `max_tokens` from 1 to 1000000, got \(count).")
        }
        let tenant = try await service.tenant(context)
        let version = try service.version(
            named: body.model ?? service.settings.modelName, of: tenant)
        let base = tenant.versions.version(0)!
        let requests = [base, version].map { version in
            var request = GenerationRequest(version.tokens(of: body.prompt), version: version)
            request.maximumTokens = count
            request.deadline = service.deadline
            return request
        }
        let conversation = try await service.converse(requests, context)
        var account = service.account(for: context, conversation.openings, requests)
        var texts = ["", ""]
        for try await piece in conversation.pieces {
            account.note(piece.event)
            if case .grew(_, let text, _) = piece.event { texts[piece.prompt] += text }
        }
        try account.requireEnd()
        account.close(failing: false)
        let trace = conversation.openings[1].trace
        let ledger = await tenant.model.ledger
        let entry = trace.nearestEdit.flatMap(ledger.entry(identifiedBy:))
        return try EditService.json(
            Explanation(
                model: service.name(of: version), prompt: body.prompt, before: texts[0],
                after: texts[1], changed: texts[0] != texts[1], trace: trace,
                edit: entry.map { EditBody($0, in: ledger, tenant: tenant.name) }))
    }
}
