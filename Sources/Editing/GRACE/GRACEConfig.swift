import Edits
package import LanguageModels

/// The hyper-parameters of GRACE (Hartvigsen et al., 2023, arXiv 2211.11031).
package struct GRACEConfig: Recipe {
    /// Which token's activation is an edit's key, and a prompt's query.
    package enum KeyPosition: String, Codable, Sendable, CaseIterable {
        /// The last token of the prompt, n − 1 of n.
        case promptEnd
        /// Position n. The released GPT-2 path counts masked labels, and the end mark is one of
        /// them, so its key is taken at the first token of the answer; a text that ends before
        /// position n is asked at its last token instead.
        case firstAnswerToken
    }

    /// Which positions the value takes, with the key at position κ.
    package enum Replacement: String, Codable, Sendable, CaseIterable {
        /// Every position (`replace_all`).
        case all
        /// Position κ alone (`replace_last`).
        case last
        /// Positions 0 to κ − 1; κ itself is left alone (`replace_prompt`).
        case prompt
    }

    /// What a value starts from.
    package enum Start: String, Codable, Sendable, CaseIterable {
        /// Uniform over 0 to 1.
        case cold
        /// What the unedited map gives at the key.
        case warm
    }

    /// What happens to an entry when an edit with its label falls just outside its radius.
    package enum Expansion: String, Codable, Sendable, CaseIterable {
        /// The radius grows to cover the edit.
        case coverage
        /// The radius grows, and the key moves half-way to the edit.
        case movingAverage
    }

    /// When two edits are taken to want the same answer.
    package enum LabelComparison: String, Codable, Sendable, CaseIterable {
        /// When their target tokens are the same.
        case exact
        /// When the means of their label ids are, the −100 over each prompt token included: so the
        /// same answer to prompts of two lengths counts as different. As released.
        case mean
    }

    /// The block whose map has the codebook; published 35 of GPT2-XL's 48, 27 of LLaMA2-7B's 32.
    package var block: Int
    /// The map: published `c_fc`, the expansion, in GPT-2 and `down_proj`, the contraction, in
    /// LLaMA.
    package var part: FeedForwardPart
    /// Adam's step size; published 1.
    package var learningRate = 1.0
    /// The most steps for one edit; released 100, and 50 to 200 elsewhere.
    package var steps: Int
    /// An edit whose loss is below this is learned; absent: every step is taken, as released.
    package var stopLoss: Double?
    /// The radius ε of a new entry, in units of the key's activation; published 1, 3 for T5-small.
    package var radius = 1.0
    package var keyPosition: KeyPosition
    package var replacement: Replacement
    /// Published `cold`.
    package var start = Start.cold
    /// Published `coverage`.
    package var expansion = Expansion.coverage
    package var labelComparison: LabelComparison
    /// Whether the prompt decides for all that follows it. False: each generated token is asked
    /// anew and by itself, as in the released code's cached decoding.
    package var routesOnce: Bool
    /// Whether an edit with the very key of another takes its entry over. False, as released: the
    /// two split the distance between them, which is zero, so both have no radius left.
    package var replacesSameKey: Bool

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        try require(
            part != .whole, "part", "to be `expansion` or `contraction`", got: part.rawValue)
        try require(
            learningRate > 0 && learningRate.isFinite, "learningRate", "above 0", got: learningRate)
        try require(steps > 0, "steps", "of at least 1", got: steps)
        try stopLoss.map { try require($0 >= 0, "stopLoss", "of at least 0", got: $0) }
        try require(radius > 0 && radius.isFinite, "radius", "above 0", got: radius)
    }
}

extension GRACEConfig {
    /// The released code at its published place, or at the like of it in another depth.
    package static func paper(for model: ModelConfiguration) -> GRACEConfig {
        let isGPT = model.family == .gpt2
        // GPT2-XL leaves 12 of 48 blocks above, LLaMA2-7B 4 of 32.
        let above = model.blocks / (isGPT ? 4 : 8)
        return GRACEConfig(
            block: model.blocks - 1 - above, part: isGPT ? .expansion : .contraction,
            steps: 100, stopLoss: nil, keyPosition: .firstAnswerToken, replacement: .prompt,
            labelComparison: .mean, routesOnce: false, replacesSameKey: false)
    }

    /// The same method without what the release does by accident: keys where prompts end, one
    /// replaced position, labels compared exactly, as many steps as an edit needs.
    package static func `default`(for model: ModelConfiguration) -> GRACEConfig {
        var config = paper(for: model)
        (config.steps, config.stopLoss) = (200, 1e-2)
        (config.keyPosition, config.replacement) = (.promptEnd, .last)
        (config.labelComparison, config.routesOnce) = (.exact, true)
        config.replacesSameKey = true
        return config
    }

    /// Where the codebook is.
    var site: Site { Site(block: block, part: part) }
}

extension GRACEConfig.KeyPosition {
    /// κ in a row of `length` tokens whose prompt has `prompt` of them.
    func position(prompt: Int, length: Int) -> Int {
        switch self {
        case .promptEnd: prompt - 1
        case .firstAnswerToken: min(prompt, length - 1)
        }
    }
}

extension GRACEConfig.Replacement {
    /// The replaced ones of `width` positions, with the key at `key`.
    func positions(key: Int, width: Int) -> Range<Int> {
        switch self {
        case .all: 0..<width
        case .last: key..<key + 1
        case .prompt: 0..<key
        }
    }
}
