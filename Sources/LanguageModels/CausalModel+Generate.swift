package import Torch

extension CausalModel {
    /// Hears each token as it comes, with the row it belongs to.
    package typealias TokenReader = (_ row: Int, _ token: Int) throws -> StreamDecision

    /// Continues prompts of any lengths, all at once.
    ///
    /// - Parameters:
    ///   - adaptation: asked at every map, for the prompt and for every token after it.
    ///   - onToken: hears each token as soon as it is certain to stay; `.stop` ends that row.
    /// - Throws: `ModelError` for an empty prompt, one beyond the context, or options that make no
    ///   sense.
    package func generate(
        _ prompts: [[Int]], options: GenerationOptions, adaptation: (any Adaptation)? = nil,
        onToken: TokenReader = { _, _ in .more }
    ) throws -> [Generation] {
        var cache: KeyValueCache? = KeyValueCache()
        let batch = try TokenBatch(prompts, device: device)
        let prefix = try prefix(batch, upTo: Site(block: 0, part: .expansion), cache: &cache)
        return try generate(
            after: prefix, cache: cache!, options: options, adaptation: adaptation,
            onToken: onToken)
    }

    /// Continues prompts whose prefix has been run.
    ///
    /// An editor decides from the prefix what to do, and passes it on as `adaptation`: the same one
    /// serves the whole generation, so what was decided at the prompt stays decided.
    ///
    /// - Parameters:
    ///   - prefix: the prompts below the seam.
    ///   - cache: what `prefix` left there.
    package func generate(
        after prefix: PrefixActivations, cache: KeyValueCache, options: GenerationOptions,
        adaptation: (any Adaptation)? = nil, onToken: TokenReader = { _, _ in .more }
    ) throws -> [Generation] {
        try options.validate()
        return try withoutGradients {
            var cache: KeyValueCache? = cache
            let hidden = try suffix(prefix, adaptation: adaptation, cache: &cache)
            var logits = try logits(hidden.last(of: prefix.lengths))  // [B, V]
            var sampler = Sampler(options, rows: prefix.count)
            var texts = prefix.arrangement.ends.map { length in
                GrowingText(
                    options, stopTokens: options.stopTokens ?? configuration.endOfText,
                    room: configuration.maximumLength - length)
            }
            while true {
                let tokens = try sampler.next(logits)
                for row in texts.indices where texts[row].reason == nil {
                    try Self.show(texts[row].append(tokens[row]), in: row, of: &texts, to: onToken)
                }
                guard texts.contains(where: { $0.reason == nil }) else { break }
                let next = zip(tokens, texts).map { $1.reason == nil ? $0 : nil }
                logits = try step(next, adaptation: adaptation, cache: &cache)
            }
            return texts.map { Generation(tokens: $0.tokens, reason: $0.reason!) }
        }
    }

    /// One more token for each row that still grows: the scores of what follows, [B, V].
    private func step(
        _ tokens: [Int?], adaptation: (any Adaptation)?, cache: inout KeyValueCache?
    ) throws -> Tensor {
        let batch = try TokenBatch(next: tokens, device: device)
        let hidden = try hidden(batch, adaptation: adaptation, cache: &cache)  // [B, 1, D]
        return try logits(hidden.squeezed(1))
    }

    private static func show(
        _ tokens: ArraySlice<Int>, in row: Int, of texts: inout [GrowingText],
        to reader: TokenReader
    ) throws {
        for (offset, token) in tokens.enumerated() where try reader(row, token) == .stop {
            return texts[row].interrupt(unread: tokens.count - offset - 1)
        }
    }
}

extension Tensor {
    /// The vector at each row's last real token: [B, T, D] to [B, D].
    package func last(of lengths: [Int]) throws -> Tensor {
        let (batch, width) = (size(0), size(1))
        let index = lengths.enumerated().map { $0.offset * width + $0.element - 1 }
        return try reshaped([batch * width, size(2)])
            .selected(dim: 0, index: Tensor(index, shape: [batch], device: device))
    }
}
