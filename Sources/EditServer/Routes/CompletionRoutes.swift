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
            body: body, version: version, requests: requests, openings: conversation.openings,
            head: ReplyHead("cmpl", "text_completion", service.name(of: version)))
        let account = service.account(for: context, conversation.openings, requests)
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
    let openings: [Conversation.Opening]
    let head: ReplyHead
    /// Where in its text each choice has come to, in characters.
    private var offsets: [Int: Int] = [:]

    init(
        body: CompletionRequest, version: ServedVersion, requests: [GenerationRequest],
        openings: [Conversation.Opening], head: ReplyHead
    ) {
        self.body = body
        self.version = version
        self.requests = requests
        self.openings = openings
        self.head = head
    }

    /// What every choice begins with: the prompt, where it is to be repeated.
    mutating func beginning() -> [CompletionChoice] {
        guard body.echo else { return [] }
        return openings.indices.flatMap { prompt -> [CompletionChoice] in
            let text =
                if case .texts(let texts) = body.prompt { texts[prompt] } else {
                    version.text(of: requests[prompt].prompt)
                }
            // Made once for all choices: a small request can ask for many after a long prompt.
            let first = choice(prompt, 0, text: text, scores: openings[prompt].scores)
            return (0..<requests[prompt].choices).map { number -> CompletionChoice in
                let place = first.index + number
                offsets[place] = offsets[first.index]
                return CompletionChoice(text: text, index: place, logprobs: first.logprobs)
            }
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
        last.errata = body.options.errata == true ? openings[prompt].trace : nil
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
        let index = prompt * (body.options.n ?? 1) + number
        let offset = offsets[index] ?? 0
        offsets[index] = offset + text.unicodeScalars.count
        return CompletionChoice(
            text: text, index: index,
            logprobs: body.logprobs.map { _ in CompletionLogprobs(scores, from: offset) })
    }
}
