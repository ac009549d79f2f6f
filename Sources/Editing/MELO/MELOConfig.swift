import Edits
package import LanguageModels

/// The hyper-parameters of MELO (Yu et al., 2023, arXiv 2312.11795).
package struct MELOConfig: Recipe {
    /// Which token's activation is an edit's key.
    package enum KeyPosition: String, Codable, Sendable, CaseIterable {
        /// The last token of the prompt, in teaching and answering alike.
        case promptEnd
        /// The last column of the padded batch, κ = −1 as released: the end mark behind the answer
        /// or, in shorter rows, padding. While answering it is the last token of what runs, so keys
        /// that hold the answer are looked for with queries that do not.
        case batchEnd
    }

    /// When two edits are taken to want the same answer.
    package enum LabelComparison: String, Codable, Sendable, CaseIterable {
        /// When their target tokens are the same.
        case exact
        /// When the sums of their target ids are: a chance sum counts as equal. As released.
        case sum
    }

    /// The block whose map gives the queries; published 35 of GPT2-XL's 48. No LLaMA setting was
    /// published; 27 of 32 is the place of the other methods that look keys up.
    package var queryBlock: Int
    /// How many blocks right above it get LoRAs; published 2.
    package var layers = 2
    /// The map that gives the queries and, above, gets LoRAs: published `c_fc`, the expansion, in
    /// GPT-2; `down_proj`, the contraction, in LLaMA.
    package var part: FeedForwardPart
    /// Rank ρ of one block of the LoRA bank; published 2.
    package var rank = 2
    /// What a block's product is multiplied with, and, times the rank, 1/bound² of what A starts
    /// from. The release slices blocks out of one LoRA of `num_block` · ρ and scales both slices by
    /// √num_block, so the size of the bank, 350, is part of its step size. The bank here grows as
    /// needed; the number stays.
    package var blockScale = 350.0
    /// The radius of a new cluster, in units of the query map's output; published 0.5 for GPT2-XL,
    /// 75 for T5. Absent: from the distances between texts the base model writes itself.
    package var radius: Double?
    /// Texts the base model writes to find the radius.
    package var radiusSamples = 128
    /// The share of pairs of those texts that are nearer than twice the radius.
    package var radiusQuantile = 0.001
    /// Edits that share a block of the bank, and are taught together; published 4.
    package var batchSize = 4
    /// Steps for one batch; published 50.
    package var steps = 50
    /// Adam's first step size; published 1e-3.
    package var learningRate = 1e-3
    /// Steps between two halvings of the step size; the release has 20, its text 30.
    package var halvingSteps = 20
    package var keyPosition: KeyPosition
    package var labelComparison: LabelComparison
    /// Whether the prompt decides for all that follows it. False: each generated token is looked
    /// up anew and by itself, as in the released code's cached decoding.
    package var routesOnce: Bool
    /// Whether an edit with the very key of a cluster takes it over. False, as released: the two
    /// split the distance between them, which is zero.
    package var replacesSameKey: Bool

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(queryBlock, "queryBlock", of: model)
        try require(
            layers > 0 && queryBlock + layers < model.blocks, "layers",
            "from 1 to the \(model.blocks - 1 - queryBlock) blocks above `queryBlock`", got: layers)
        try require(
            part != .whole, "part", "to be `expansion` or `contraction`", got: part.rawValue)
        try require(rank > 0, "rank", "of at least 1", got: rank)
        try require(
            blockScale > 0 && blockScale.isFinite, "blockScale", "above 0", got: blockScale)
        try radius.map { try require($0 > 0 && $0.isFinite, "radius", "above 0", got: $0) }
        try require(radiusSamples >= 2, "radiusSamples", "of at least 2", got: radiusSamples)
        try require(
            (0...1).contains(radiusQuantile), "radiusQuantile", "from 0 to 1", got: radiusQuantile)
        try require(batchSize > 0, "batchSize", "of at least 1", got: batchSize)
        try require(steps > 0, "steps", "of at least 1", got: steps)
        try require(
            learningRate > 0 && learningRate.isFinite, "learningRate", "above 0", got: learningRate)
        try require(halvingSteps > 0, "halvingSteps", "of at least 1", got: halvingSteps)
    }
}

extension MELOConfig {
    /// The released code at its published place, or at the like of it in another depth.
    ///
    /// - Throws: `EditError` for a model without room for a query and two blocks above it.
    package static func paper(for model: ModelConfiguration) throws -> MELOConfig {
        guard model.blocks >= 3 else {
            throw EditError(
                "MELO needs a model of at least three blocks, one for the query and two to edit, "
                    + "not \(model.blocks); choose a deeper model.")
        }
        let isGPT = model.family == .gpt2
        // GPT2-XL leaves 12 of 48 blocks above, a LLaMA2-7B 4 of 32.
        let query = model.blocks - 1 - model.blocks / (isGPT ? 4 : 8)
        return MELOConfig(
            queryBlock: min(query, model.blocks - 3), part: isGPT ? .expansion : .contraction,
            radius: 0.5, keyPosition: .batchEnd, labelComparison: .sum, routesOnce: false,
            replacesSameKey: false)
    }

    /// The same method with keys where prompts end, exact labels, one decision an answer, and a
    /// radius that fits the model.
    package static func `default`(for model: ModelConfiguration) throws -> MELOConfig {
        var config = try paper(for: model)
        config.radius = nil
        (config.keyPosition, config.labelComparison) = (.promptEnd, .exact)
        (config.routesOnce, config.replacesSameKey) = (true, true)
        return config
    }

    /// The map that gives the queries.
    var querySite: Site { Site(block: queryBlock, part: part) }

    /// The maps with LoRAs, from below.
    var sites: [Site] { (1...layers).map { Site(block: queryBlock + $0, part: part) } }

    /// The step size for one step of a batch, counted from zero.
    func learningRate(atStep step: Int) -> Double {
        (0..<step / halvingSteps).reduce(learningRate) { rate, _ in rate / 2 }
    }
}
