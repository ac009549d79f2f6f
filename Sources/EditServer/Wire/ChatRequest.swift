import Errata
import HTTPTypes

/// The body of POST /v1/chat/completions.
struct ChatRequest: Decodable, Sendable {
    let options: SamplingOptions
    let messages: [ChatMessage]
    let maximumTokens: Int?
    let logprobs: Bool
    let topLogprobs: Int

    private enum CodingKeys: String, CodingKey {
        case messages, logprobs
        case maximumTokens = "max_tokens"
        case maximumCompletionTokens = "max_completion_tokens"
        case topLogprobs = "top_logprobs"
        case responseFormat = "response_format"
    }

    private struct ResponseFormat: Decodable { let type: String }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        options = try SamplingOptions(from: decoder)
        messages = try values.decode([SentMessage].self, forKey: .messages).map(\.message)
        maximumTokens =
            try values.decodeIfPresent(Int.self, forKey: .maximumCompletionTokens)
            ?? values.decodeIfPresent(Int.self, forKey: .maximumTokens)
        logprobs = try values.decodeIfPresent(Bool.self, forKey: .logprobs) ?? false
        topLogprobs = try values.decodeIfPresent(Int.self, forKey: .topLogprobs) ?? 0
        let format = try values.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat)
        try options.validate(decoder)
        try options.require(1...1_000_000, maximumTokens, "max_tokens")
        try options.require(0...20, topLogprobs, "top_logprobs")
        guard logprobs || topLogprobs == 0 else {
            throw APIError.wrong(
                "top_logprobs",
                "expected `logprobs` to be true beside `top_logprobs`, got it without; set both, or "
                    + "neither.")
        }
        guard !messages.isEmpty else {
            throw APIError.wrong("messages", "expected at least one message, got none.")
        }
        guard format == nil || format?.type == "text" else {
            throw APIError(
                .badRequest,
                "`response_format` other than text is not supported here; leave it out.",
                param: "response_format", code: "unsupported_parameter")
        }
    }

    /// The request to the engine.
    ///
    /// - Throws: `EditError` for messages that the checkpoint's chat template refuses.
    func request(
        _ version: ServedVersion, deadline: ContinuousClock.Instant
    ) throws -> GenerationRequest {
        let prompt = try version.tokens(of: messages)
        var request = GenerationRequest(prompt, version: version)
        options.apply(to: &request, seed: UInt64.random(in: .min ... .max), place: 0)
        request.maximumTokens = maximumTokens ?? max(1, version.contextLength - prompt.count)
        request.alternatives = logprobs ? topLogprobs : nil
        request.deadline = deadline
        return request
    }
}

/// One message of a chat as it is sent.
private struct SentMessage: Decodable {
    let message: ChatMessage

    private enum CodingKeys: String, CodingKey { case role, content }

    /// A part of a message that was sent in parts.
    private struct Part: Decodable {
        let type: String
        let text: String?
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let role = try values.decode(String.self, forKey: .role)
        guard ["system", "developer", "user", "assistant"].contains(role) else {
            throw APIError.wrong(
                "messages", "expected a role of system, developer, user or assistant, got another.")
        }
        // OpenAI's newer name for what templates know as the system.
        message = ChatMessage(
            role: role == "developer" ? "system" : role, content: try Self.text(values))
    }

    private static func text(_ values: KeyedDecodingContainer<CodingKeys>) throws -> String {
        if let text = try? values.decode(String.self, forKey: .content) { return text }
        return try values.decode([Part].self, forKey: .content).map { part in
            guard part.type == "text", let text = part.text else {
                throw APIError.wrong(
                    "messages", "expected parts of messages to be texts, got another kind.")
            }
            return text
        }.joined()
    }
}
