package import LanguageModels

/// The hyper-parameters of the conventional mixture-of-experts adaptor that the LEMoE paper analyses
/// (arXiv 2406.20030, section 3): the same place and training as LEMoE, with everything trained for
/// every batch.
package struct MoEConfig: Recipe {
    /// The block beside whose MLP the experts stand. Published: 18 of 32, counted from zero.
    package var block: Int
    /// E, experts in all; the paper has at most five.
    package var experts = 5
    /// The inner width of an expert's MLP.
    package var expertWidth: Int
    /// The standard deviation of the experts' inner weights; their last maps start at zero.
    package var initialDeviation = 0.02
    /// λ, the weight of the experts beside the frozen MLP. Published: 1.
    package var scale = 1.0
    /// Experts a token goes through, top-k. Published: 1.
    package var active = 1

    /// Edits of one batch; the stream is cut as it comes.
    package var editsPerBatch = 200

    /// Published: 2e-4, with AdamW.
    package var learningRate = 2e-4
    /// AdamW's weight decay of the experts; the router has none.
    package var expertDecay = 0.01
    /// Rows of one optimiser step.
    package var batchSize = 8
    /// Passes over a batch of edits at most.
    package var epochs = 30
    /// A batch is done when the mean loss of a pass is below this, in nats a token.
    package var stopLoss = 0.03
    /// The largest norm that the gradient of one step may have.
    package var clipNorm = 1.0

    /// - Throws: `EditError` for a value out of range, or a block that `model` does not have.
    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        for (key, value) in [
            ("experts", experts), ("expertWidth", expertWidth), ("editsPerBatch", editsPerBatch),
            ("batchSize", batchSize), ("epochs", epochs),
        ] {
            try require(value >= 1, key, "of at least 1", got: value)
        }
        try require(
            1...experts ~= active, "active", "from 1 to `experts` (\(experts))", got: active)
        for (key, value) in [("learningRate", learningRate), ("clipNorm", clipNorm)] {
            try require(value > 0 && value.isFinite, key, "above 0", got: value)
        }
        for (key, value) in [
            ("scale", scale), ("initialDeviation", initialDeviation),
            ("expertDecay", expertDecay), ("stopLoss", stopLoss),
        ] {
            try require(value >= 0 && value.isFinite, key, "of at least 0", got: value)
        }
    }

    /// The adaptor as the paper runs it, with full-size experts.
    package static func paper(for model: ModelConfiguration) -> MoEConfig {
        MoEConfig(block: model.blocks * 18 / 32, expertWidth: model.feedForwardWidth)
    }
}
