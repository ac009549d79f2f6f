import Errata

/// The body of POST /v1/completions.
struct CompletionRequest: Decodable, Sendable {
    let options: SamplingOptions
    let prompt: PromptInput
    let maximumTokens: Int
    /// How many likeliest tokens are told for each; nil for none.
    let logprobs: Int?
    let echo: Bool

    private enum CodingKeys: String, CodingKey {
        case prompt, logprobs, echo
        case maximumTokens = "max_tokens"
        case bestOf = "best_of"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        options = try SamplingOptions(from: decoder)
        prompt = try values.decodeIfPresent(PromptInput.self, forKey: .prompt) ?? .texts([""])
        maximumTokens = try values.decodeIfPresent(Int.self, forKey: .maximumTokens) ?? 16
        logprobs = try values.decodeIfPresent(Int.self, forKey: .logprobs)
        echo = try values.decodeIfPresent(Bool.self, forKey: .echo) ?? false
        let bestOf = try values.decodeIfPresent(Int.self, forKey: .bestOf)
        try options.validate(decoder)
        try options.require(0...1_000_000, maximumTokens, "max_tokens")
        try options.require(0...20, logprobs, "logprobs")
        guard bestOf == nil || bestOf == options.n ?? 1 else {
            throw APIError.wrong(
                "best_of", "expected `best_of` to be `n` or to be left out, got \(bestOf!).")
        }
    }

    /// One request to the engine for each prompt.
    func requests(
        _ version: ServedVersion, deadline: ContinuousClock.Instant
    ) -> [GenerationRequest] {
        let seed = UInt64.random(in: .min ... .max)
        let prompts =
            switch prompt {
            case .texts(let texts): texts.map(version.tokens)
            case .tokens(let tokens): tokens
            }
        return prompts.enumerated().map { place, tokens in
            var request = GenerationRequest(tokens, version: version)
            options.apply(to: &request, seed: seed, place: place)
            request.maximumTokens = maximumTokens
            request.alternatives = logprobs
            request.scoresPrompt = echo && logprobs != nil
            request.deadline = deadline
            return request
        }
    }
}
