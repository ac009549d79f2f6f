import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// POST /v1/completions.
struct CompletionRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.post("completions") { request, context in
            try await complete(request, context)
        }
    }

    private func complete(_ request: Request, _ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask)
        let body = try await service.body(CompletionRequest.self, of: request)
        let tenant = try await service.tenant(context)
        let version = try service.version(named: body.options.model, of: tenant)
        let requests = body.requests(version, deadline: service.deadline)
        let conversation = try await service.converse(requests, context)
        let reply = CompletionReply(
            body: body, version: version, requests: requests,
            head: ReplyHead("cmpl", "text_completion", service.name(of: version)))
        let account = service.account(for: context, requests)
        return body.options.stream == true
            ? service.streamed(reply, conversation, account, usage: body.options.wantsUsage)
            : try await service.whole(reply, conversation, account)
    }
}

/// An answer to POST /v1/completions as it grows.
struct CompletionReply: Reply {
    let body: CompletionRequest
    let version: ServedVersion
    let requests: [GenerationRequest]
    let head: ReplyHead
    /// What was decided for each prompt.
    private var traces: [Int: RouteTrace] = [:]
    /// Where in its text each choice has come to.
    private var places: [Int: TokenPlaces] = [:]

    init(
        body: CompletionRequest, version: ServedVersion, requests: [GenerationRequest],
        head: ReplyHead
    ) {
        self.body = body
        self.version = version
        self.requests = requests
        self.head = head
    }

    /// The prompt, where it is to be repeated.
    mutating func began(
        _ prompt: Int, _ trace: RouteTrace, scores: [TokenScore]
    ) -> [CompletionChoice] {
        traces[prompt] = trace
        guard body.echo else { return [] }
        let tokens = requests[prompt].prompt
        let text =
            if case .texts(let texts) = body.prompt { texts[prompt] } else {
                version.text(of: tokens)
            }
        // Made once for all choices: a small request can ask for many after a long prompt.
        var own = TokenPlaces(version, of: tokens, in: text)
        let logprobs = body.logprobs == nil ? nil : CompletionLogprobs(scores, &own)
        let length = text.unicodeScalars.count
        return (0..<requests[prompt].choices).map { number in
            let index = index(prompt, number)
            places[index] = TokenPlaces(version, from: length)
            return CompletionChoice(text: text, index: index, logprobs: logprobs)
        }
    }

    mutating func grew(
        _ prompt: Int, _ number: Int, text: String, scores: [TokenScore]
    ) -> CompletionChoice {
        choice(prompt, number, text: text, scores: scores)
    }

    mutating func ended(
        _ prompt: Int, _ number: Int, reason: GenerationEvent.EndReason
    ) -> CompletionChoice {
        var last = choice(prompt, number, text: "", scores: [])
        last.reason = reason
        last.errata = body.options.errata == true ? traces[prompt] : nil
        return last
    }

    static func join(_ piece: CompletionChoice, to whole: inout CompletionChoice) {
        whole.text += piece.text
        if let more = piece.logprobs { whole.logprobs?.append(more) }
        whole.reason = piece.reason ?? whole.reason
        whole.errata = piece.errata ?? whole.errata
    }

    private mutating func choice(
        _ prompt: Int, _ number: Int, text: String, scores: [TokenScore]
    ) -> CompletionChoice {
        let index = index(prompt, number)
        guard body.logprobs != nil else { return CompletionChoice(text: text, index: index) }
        var own = places[index] ?? TokenPlaces(version)
        defer { places[index] = own }
        return CompletionChoice(
            text: text, index: index, logprobs: CompletionLogprobs(scores, &own))
    }

    private func index(_ prompt: Int, _ number: Int) -> Int {
        prompt * (body.options.n ?? 1) + number
    }
}
