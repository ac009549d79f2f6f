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
        let found = try await service.explain(
            body.prompt, by: version, of: tenant, maximumTokens: count, context)
        let ledger = await tenant.model.ledger
        return try EditService.json(
            Explanation(
                model: service.name(of: version), prompt: body.prompt, before: found.before,
                after: found.after, changed: found.before != found.after, trace: found.trace,
                edit: found.edit.map { EditBody($0, in: ledger, tenant: tenant.name) }))
    }
}

/// What the unedited model and a version say to one prompt.
struct ExplainedAnswer: Sendable {
    let before: String
    let after: String
    let trace: RouteTrace
    /// The edit that the trace names.
    let edit: Ledger.Entry?
}

extension EditService {
    /// Asks the unedited model and `version` at once.
    func explain(
        _ prompt: String, by version: ServedVersion, of tenant: Tenant, maximumTokens: Int,
        _ context: ServerContext
    ) async throws -> ExplainedAnswer {
        let requests = [tenant.versions.base, version].map { version in
            var request = GenerationRequest(version.tokens(of: prompt), version: version)
            request.maximumTokens = maximumTokens
            request.deadline = deadline
            return request
        }
        let conversation = try await converse(requests, context)
        return try await answer(of: conversation, account(for: context, requests), tenant)
    }

    /// Waits for the whole answers to both prompts.
    private func answer(
        of conversation: Conversation, _ account: Account, _ tenant: Tenant
    ) async throws -> ExplainedAnswer {
        var account = account
        defer { account.close(failing: !account.hasEnded) }
        var (texts, trace) = (["", ""], RouteTrace.unedited)
        try await conversation.forEach { piece in
            switch piece.event {
            case .began(let told, _):
                // The unedited answer is there to compare with; that it defers says nothing.
                if piece.prompt == 0 { return }
                trace = told
            case .grew(_, let text, _): texts[piece.prompt] += text
            case .ended: break
            }
            account.note(piece.event)
        }
        try account.requireEnd()
        let ledger = await tenant.model.ledger
        return ExplainedAnswer(
            before: texts[0], after: texts[1], trace: trace,
            edit: trace.nearestEdit.flatMap(ledger.entry(identifiedBy:)))
    }
}
