/// How a text is continued, and when it ends.
package struct GenerationOptions: Codable, Sendable, Equatable {
    /// The most tokens to add to each prompt.
    package var maximumTokens: Int
    /// 0 takes the likeliest token each time; larger values spread the choice.
    package var temperature = 0.0
    /// Draw from this many likeliest tokens only; 0 for all.
    package var topK = 0
    /// Draw from the likeliest tokens that together have this probability.
    package var topP = 1.0
    /// The same seed draws the same text.
    package var seed: UInt64 = 0
    /// Tokens that end a text; nil for those the model's configuration names.
    package var stopTokens: [Int]?
    /// Runs of tokens that end a text.
    package var stopSequences: [[Int]] = []

    package init(
        maximumTokens: Int, temperature: Double = 0, topK: Int = 0, topP: Double = 1,
        seed: UInt64 = 0, stopTokens: [Int]? = nil, stopSequences: [[Int]] = []
    ) {
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
        self.stopTokens = stopTokens
        self.stopSequences = stopSequences
    }

    /// - Throws: `ModelError` naming the first value that cannot be.
    package func validate() throws {
        guard maximumTokens >= 0, topK >= 0 else {
            throw ModelError(
                "The number of tokens to generate and top-k must not be negative, but "
                    + "\(maximumTokens) and \(topK) came; give 0 or more.")
        }
        guard temperature >= 0, temperature.isFinite else {
            throw ModelError(
                "The temperature must be 0 or more, but \(temperature) came; "
                    + "0 takes the likeliest token each time.")
        }
        guard topP > 0, topP <= 1 else {
            throw ModelError(
                "Top-p must lie above 0 and at most at 1, but \(topP) came; 1 draws from all.")
        }
        guard stopSequences.allSatisfy({ !$0.isEmpty }) else {
            throw ModelError("A stop sequence needs at least one token, but one is empty; drop it.")
        }
    }
}

/// Why a text ended.
package enum StopReason: String, Codable, Sendable {
    /// The model ended it with one of the stop tokens.
    case stopToken
    /// One of the stop sequences came.
    case stopSequence
    /// As many tokens came as were asked for.
    case maximumTokens
    /// The model's context is full.
    case contextLimit
    /// Whoever reads the stream had enough.
    case interrupted
}

/// What the reader of a stream answers to each token.
package enum StreamDecision: Sendable {
    case more, stop
}

/// One continued prompt.
package struct Generation: Equatable, Sendable {
    /// What was added to the prompt, without the token or sequence that ended it.
    package var tokens: [Int]
    package var reason: StopReason

    package init(tokens: [Int], reason: StopReason) {
        self.tokens = tokens
        self.reason = reason
    }
}
