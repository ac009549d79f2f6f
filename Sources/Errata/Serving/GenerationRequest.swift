public import Edits
import LanguageModels

/// One prompt that is to be continued, once or several times.
public struct GenerationRequest: Sendable {
    /// What answers; it stays the same until the last token, whatever happens to the model.
    public var version: ServedVersion
    /// The prompt as token ids.
    public var prompt: [Int]
    /// How many continuations are wanted.
    public var choices = 1
    public var maximumTokens = 16
    /// 0 takes the likeliest token each time.
    public var temperature = 0.0
    /// Draw from the likeliest tokens that together have this probability.
    public var topP = 1.0
    /// Draw from this many likeliest tokens only; 0 for all.
    public var topK = 0
    /// The same seed draws the same answers.
    public var seed: UInt64 = 0
    /// Continuation c draws as row `firstRow + c` of its seed's streams, so that several prompts of
    /// one request draw apart.
    public var firstRow = 0
    /// Texts that end a continuation, themselves left out.
    public var stops: [String] = []
    /// How many likeliest tokens are told for each token, with its own probability; nil for none.
    public var alternatives: Int?
    /// Whether the same is told of the prompt's tokens.
    public var scoresPrompt = false
    /// When it is too late.
    public var deadline: ContinuousClock.Instant?

    public init(_ prompt: [Int], version: ServedVersion) {
        self.prompt = prompt
        self.version = version
    }

    /// - Throws: `ErrataError` or `ModelError` that says what cannot be.
    func validate() throws {
        guard !prompt.isEmpty else {
            throw ErrataError(
                "expected a prompt of at least one token, got none; write something to continue.")
        }
        guard prompt.count <= version.contextLength else {
            throw ErrataError(
                "expected a prompt of at most \(version.contextLength) tokens, the model's context, "
                    + "got \(prompt.count); shorten it.")
        }
        if let unknown = prompt.first(where: { !(0..<version.vocabularySize).contains($0) }) {
            throw ErrataError(
                "expected token ids from 0 to \(version.vocabularySize - 1), got \(unknown); use the "
                    + "tokenizer that belongs to this model.")
        }
        try options.validate()
    }

    var options: GenerationOptions {
        GenerationOptions(
            maximumTokens: maximumTokens, temperature: temperature, topK: topK, topP: topP,
            seed: seed)
    }
}

/// One token with how likely it was, and what else could have stood there.
public struct TokenScore: Sendable, Equatable {
    /// Another token and the natural logarithm of its probability.
    public struct Alternative: Sendable, Equatable {
        public let token: Int
        public let text: String
        public let logProbability: Double
    }

    public let token: Int
    /// The token by itself; where it is part of a character, U+FFFD.
    public let text: String
    /// Absent for the first token of a prompt, which nothing predicts.
    public let logProbability: Double?
    /// The likeliest, likeliest first.
    public let alternatives: [Alternative]
}

/// What comes of a request, in the order in which it comes.
public enum GenerationEvent: Sendable {
    /// The prompt has been read, and it is decided what answers.
    ///
    /// - Parameter scores: of the prompt's tokens, where they are wanted.
    case began(trace: RouteTrace, scores: [TokenScore])
    /// A continuation has grown.
    ///
    /// - Parameter scores: of the tokens whose text begins here, where they are wanted.
    case grew(choice: Int, text: String, scores: [TokenScore])
    /// A continuation has ended.
    ///
    /// - Parameter tokens: how many tokens it has, what ended it not counted.
    case ended(choice: Int, reason: EndReason, tokens: Int)

    /// Why a continuation ended.
    public enum EndReason: String, Codable, Sendable {
        /// The model ended it, or one of the texts that were to end it came.
        case stop
        /// As many tokens came as were asked for, or as the context holds.
        case length
    }
}

/// There is no room for another request.
public struct EngineIsFull: Error, Sendable, Equatable, CustomStringConvertible {
    /// How many requests wait already.
    public let waiting: Int
    /// After how many seconds it is worth to ask again.
    public let retryAfter: Int

    public var description: String {
        "expected room in the queue, but \(waiting) requests wait already; ask again in "
            + "\(retryAfter) s."
    }
}

/// A request was not answered in the time it had.
public struct TimeIsUp: Error, Sendable, Equatable, CustomStringConvertible {
    public init() {}
    public var description: String {
        "expected the answer to be ready in time, but it was not; ask for fewer tokens, or again "
            + "when there is less to do."
    }
}

/// The engine takes no requests any more.
public struct EngineHasStopped: Error, Sendable, Equatable, CustomStringConvertible {
    public init() {}
    public var description: String {
        "expected a running server, but it is shutting down; ask again when it is back."
    }
}
