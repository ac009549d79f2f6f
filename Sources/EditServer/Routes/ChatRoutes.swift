import Edits
import Errata
import Hummingbird
import HummingbirdCore

/// POST /v1/chat/completions.
struct ChatRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.post("chat/completions") { request, context in
            try await answer(request, context)
        }
    }

    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask)
        let body = try await service.body(ChatRequest.self, of: request)
        let tenant = try await service.tenant(context)
        let version = try service.version(named: body.options.model, of: tenant)
        let requests = [try body.request(version, deadline: service.deadline)]
        let conversation = try await service.converse(requests, context)
        let isStream = body.options.stream == true
        let reply = ChatReply(
            body: body, version: version, isPiece: isStream,
            head: ReplyHead(
                "chatcmpl", isStream ? "chat.completion.chunk" : "chat.completion",
                service.name(of: version)))
        let account = service.account(for: context, requests)
        return isStream
            ? service.streamed(reply, conversation, account, usage: body.options.wantsUsage)
            : try await service.whole(reply, conversation, account)
    }
}

/// An answer to POST /v1/chat/completions as it grows.
struct ChatReply: Reply {
    let body: ChatRequest
    let version: ServedVersion
    let isPiece: Bool
    let head: ReplyHead
    private var trace: RouteTrace?

    init(body: ChatRequest, version: ServedVersion, isPiece: Bool, head: ReplyHead) {
        (self.body, self.version, self.isPiece, self.head) = (body, version, isPiece, head)
    }

    mutating func began(
        _ prompt: Int, _ trace: RouteTrace, scores: [TokenScore]
    ) -> [ChatChoice] {
        self.trace = trace
        return (0..<(body.options.n ?? 1)).map {
            choice($0, ChatChoice.Message(role: "assistant", content: ""), scores: [])
        }
    }

    func grew(_ prompt: Int, _ number: Int, text: String, scores: [TokenScore]) -> ChatChoice {
        choice(number, ChatChoice.Message(content: text), scores: scores)
    }

    func ended(_ prompt: Int, _ number: Int, reason: GenerationEvent.EndReason) -> ChatChoice {
        var last = ChatChoice(index: number, message: ChatChoice.Message(), isPiece: isPiece)
        last.reason = reason
        last.errata = body.options.errata == true ? trace : nil
        return last
    }

    static func join(_ piece: ChatChoice, to whole: inout ChatChoice) {
        whole.message.content = (whole.message.content ?? "") + (piece.message.content ?? "")
        if let more = piece.logprobs { whole.logprobs?.append(more) }
        whole.reason = piece.reason ?? whole.reason
        whole.errata = piece.errata ?? whole.errata
    }

    private func choice(
        _ number: Int, _ message: ChatChoice.Message, scores: [TokenScore]
    ) -> ChatChoice {
        ChatChoice(
            index: number, message: message, isPiece: isPiece,
            logprobs: body.logprobs ? ChatLogprobs(scores, version) : nil)
    }
}
