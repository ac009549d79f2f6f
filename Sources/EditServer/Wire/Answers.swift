import Edits
import Errata
import Foundation

/// How many tokens were read and written.
struct Usage: Encodable, Sendable {
    var prompt = 0
    var completion = 0

    private enum CodingKeys: String, CodingKey {
        case prompt = "prompt_tokens"
        case completion = "completion_tokens"
        case total = "total_tokens"
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(prompt, forKey: .prompt)
        try values.encode(completion, forKey: .completion)
        try values.encode(prompt + completion, forKey: .total)
    }
}

/// An answer, or a piece of one: what `choices` hold differs.
struct AnswerBody<Choice: Encodable & Sendable>: Encodable, Sendable {
    let id: String
    let object: String
    let created: Int
    let model: String
    var choices: [Choice]
    var usage: Usage?
}

/// One continuation, or a piece of it, of POST /v1/completions.
struct CompletionChoice: Encodable, Sendable {
    var text: String
    let index: Int
    var logprobs: CompletionLogprobs?
    var reason: GenerationEvent.EndReason?
    /// Why it is as it is, where that was asked for.
    var errata: RouteTrace?

    private enum CodingKeys: String, CodingKey {
        case text, index, logprobs, errata
        case reason = "finish_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(text, forKey: .text)
        try values.encode(index, forKey: .index)
        // OpenAI's shape has these keys always.
        try values.encode(logprobs, forKey: .logprobs)
        try values.encode(reason, forKey: .reason)
        try values.encodeIfPresent(errata, forKey: .errata)
    }
}

/// How likely the tokens of a text were, as completions tell it.
struct CompletionLogprobs: Encodable, Sendable {
    private(set) var tokens: [String] = []
    private(set) var probabilities: [Double?] = []
    private(set) var alternatives: [[String: Double]?] = []
    /// Where each token's text begins, in characters (Unicode scalars) of the text.
    private(set) var offsets: [Int] = []

    private enum CodingKeys: String, CodingKey {
        case tokens
        case probabilities = "token_logprobs"
        case alternatives = "top_logprobs"
        case offsets = "text_offset"
    }

    /// - Parameter places: of the text up to here, and then with these tokens.
    init(_ scores: [TokenScore], _ places: inout TokenPlaces) {
        for score in scores { append(score, at: places.next(score.token)) }
    }

    /// Adds what comes behind it.
    mutating func append(_ more: CompletionLogprobs) {
        tokens += more.tokens
        probabilities += more.probabilities
        alternatives += more.alternatives
        offsets += more.offsets
    }

    private mutating func append(_ score: TokenScore, at offset: Int) {
        tokens.append(score.text)
        offsets.append(offset)
        probabilities.append(score.logProbability.map(\.finite))
        guard let own = score.logProbability else { return alternatives.append(nil) }
        // Different tokens may look the same; the likeliest of them counts.
        var table = Dictionary(
            score.alternatives.map { ($0.text, $0.logProbability.finite) }
        ) { first, _ in first }
        if !score.alternatives.isEmpty, table[score.text] == nil {
            table[score.text] = own.finite
        }
        alternatives.append(table)
    }
}

/// One message, or a piece of it, of POST /v1/chat/completions.
struct ChatChoice: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var role: String?
        var content: String?
    }

    let index: Int
    /// The whole message, or what it has grown by.
    var message: Message
    let isPiece: Bool
    var logprobs: ChatLogprobs?
    var reason: GenerationEvent.EndReason?
    var errata: RouteTrace?

    private enum CodingKeys: String, CodingKey {
        case index, message, delta, logprobs, errata
        case reason = "finish_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(index, forKey: .index)
        try values.encode(message, forKey: isPiece ? .delta : .message)
        try values.encode(logprobs, forKey: .logprobs)
        try values.encode(reason, forKey: .reason)
        try values.encodeIfPresent(errata, forKey: .errata)
    }
}

/// How likely the tokens of a message were, as chats tell it.
struct ChatLogprobs: Encodable, Sendable {
    struct Token: Encodable, Sendable {
        let token: String
        let logprob: Double
        /// Of part of a character too, which its text cannot tell.
        let bytes: [UInt8]
        var alternatives: [Token]?

        private enum CodingKeys: String, CodingKey {
            case token, logprob, bytes
            case alternatives = "top_logprobs"
        }

        init(
            _ token: Int, _ text: String, _ logprob: Double, _ version: ServedVersion,
            alternatives: [Token]? = nil
        ) {
            self.token = text
            self.logprob = logprob.finite
            bytes = version.bytes(ofToken: token)
            self.alternatives = alternatives
        }
    }

    private(set) var content: [Token]

    init(_ scores: [TokenScore], _ version: ServedVersion) {
        content = scores.map { score in
            Token(
                score.token, score.text, score.logProbability ?? 0, version,
                alternatives: score.alternatives.map {
                    Token($0.token, $0.text, $0.logProbability, version)
                })
        }
    }

    /// Adds what comes behind it.
    mutating func append(_ more: ChatLogprobs) { content += more.content }
}

extension Double {
    /// JSON has no infinity; OpenAI says this for what cannot be.
    fileprivate var finite: Double { isFinite ? self : -9999 }
}
