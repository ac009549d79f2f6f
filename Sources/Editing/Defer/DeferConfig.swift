import Edits
package import LanguageModels

/// The hyper-parameters of Defer, the trained deferral that GRACE is compared with (Hartvigsen et
/// al., 2023, arXiv 2211.11031, after SERAC, Mitchell et al., 2022, arXiv 2206.06520).
package struct DeferConfig: Recipe {
    /// Which token's activation gate and predictor read.
    package enum KeyPosition: String, Codable, Sendable, CaseIterable {
        /// The last token of the prompt, of n that at n − 1.
        case promptEnd
        /// The last token of whatever runs, κ = −1 as released: the last token of the answer while
        /// one is taught or scored, that of the prompt where an answer is yet to come.
        case rowEnd
    }

    /// Which positions the prediction takes.
    package enum Replacement: String, Codable, Sendable, CaseIterable {
        /// Every one, as released.
        case all
        /// Those from the last token of the prompt on.
        case fromPromptEnd
    }

    /// The block whose map is replaced; published 35 of GPT2-XL's 48, 27 of LLaMA2-7B's 32.
    package var block: Int
    /// The map: published `c_fc`, the expansion, in GPT-2 and `down_proj`, the contraction, in
    /// LLaMA.
    package var part: FeedForwardPart
    /// Adam's step size; released 1e-1, and 7e-5 in EasyEdit. The method is very sensitive to it.
    package var learningRate: Double
    /// Steps for one edit; released 100.
    package var steps = 100
    /// The least score of the gate with which the prediction is used; released 0.5.
    package var threshold = 0.5
    package var keyPosition: KeyPosition
    package var replacement: Replacement
    /// Whether the prompt decides for all that follows it. False: each generated token is its own
    /// query and has its own prediction, as in the released code's cached decoding.
    package var routesOnce: Bool

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        try require(
            part != .whole, "part", "to be `expansion` or `contraction`", got: part.rawValue)
        try require(
            learningRate > 0 && learningRate.isFinite, "learningRate", "above 0", got: learningRate)
        try require(steps > 0, "steps", "of at least 1", got: steps)
        try require((0...1).contains(threshold), "threshold", "from 0 to 1", got: threshold)
    }
}

extension DeferConfig {
    /// The released code at its published place, or at the like of it in another depth.
    package static func paper(for model: ModelConfiguration) -> DeferConfig {
        let isGPT = model.family == .gpt2
        // GPT2-XL leaves 12 of 48 blocks above, LLaMA2-7B 4 of 32.
        let above = model.blocks / (isGPT ? 4 : 8)
        return DeferConfig(
            block: model.blocks - 1 - above, part: isGPT ? .expansion : .contraction,
            learningRate: 1e-1, keyPosition: .rowEnd, replacement: .all, routesOnce: false)
    }

    /// The same method asked once, where prompts end, with one of four published step sizes.
    ///
    /// Share of 10 edits of CounterFact and of zsRE that were kept, on a model of 22 million
    /// parameters: 1e-1: 30 and 0 %, 1e-2: 50 and 0 %, 1e-3: 70 and 10 %, 7e-5: 60 and 20 %, the
    /// last with the gate open to everything.
    package static func `default`(for model: ModelConfiguration) -> DeferConfig {
        var config = paper(for: model)
        config.learningRate = 1e-3
        (config.keyPosition, config.replacement) = (.promptEnd, .fromPromptEnd)
        config.routesOnce = true
        return config
    }

    /// Where the prediction stands in.
    var site: Site { Site(block: block, part: part) }
}

extension DeferConfig.KeyPosition {
    /// The query's place in a row of `length` tokens whose prompt has `prompt` of them.
    func position(prompt: Int, length: Int) -> Int {
        self == .promptEnd ? prompt - 1 : length - 1
    }
}

extension DeferConfig.Replacement {
    /// The replaced ones of `width` positions, behind a prompt of `prompt` tokens.
    func positions(prompt: Int, width: Int) -> Range<Int> {
        self == .all ? 0..<width : prompt - 1..<width
    }
}
