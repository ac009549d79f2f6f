import Edits
package import LanguageModels

/// Every hyper-parameter of one LoRA trained in sequence.
///
/// The row “LoRA” of ELDER's Table 1 (arXiv 2408.11869) leaves its settings unpublished; they are
/// ELDER's own here, so that the two differ in nothing but mixture, router and gate.
package struct LoRAConfig: Recipe {
    /// First block whose MLP is adapted, counted from 0. ELDER's: 36 in GPT2-XL, 21 in LLaMA2-7B.
    package var firstBlock: Int
    /// Number of consecutive blocks adapted, L. ELDER's: 6.
    package var layers: Int
    /// Which linear map of the MLP is adapted. ELDER's: expansion in GPT-2, contraction in LLaMA.
    package var part: FeedForwardPart
    /// Rank of the LoRA of each map, r. 32: as many columns as ELDER's four LoRAs of rank 8 have
    /// together, which is its size but for the routers (1,536,000 of 1,574,424 in GPT2-XL).
    package var rank = 32
    /// The LoRA's output is scaled by alpha / rank. ELDER's scale: 1.
    package var alpha = 32.0
    /// A starts uniform in ± initialScale / √rank, B at zero. 1: ELDER's released layout, far above
    /// a textbook LoRA's ± 1/√in; the step size is tied to it.
    package var initialScale = 1.0
    /// Rows trained together. ELDER's: 4.
    package var batchSize = 4
    /// Optimiser steps on each batch, with a new Adam. ELDER's: 50.
    package var steps = 50
    /// Adam's step size. ELDER's: 1e-4.
    package var learningRate = 1e-4
    /// Steps between two looks at whether every target token is the likeliest, which ends the batch;
    /// absent means all steps run. ELDER's: absent.
    package var stopEvery: Int?
    /// By how much each target token's logit must lead the next best for that.
    package var stopMargin = 0.0

    package init(firstBlock: Int, layers: Int, part: FeedForwardPart) {
        self.firstBlock = firstBlock
        self.layers = layers
        self.part = part
    }

    /// The maps that ELDER's paper edits in a model of this shape.
    ///
    /// - Throws: `EditError` for a model of one block.
    package static func paper(for model: ModelConfiguration) throws -> LoRAConfig {
        let part = ELDERConfig.part(for: model)
        let elder = try ELDERConfig.paper(blocks: model.blocks, part: part)
        return LoRAConfig(firstBlock: elder.firstBlock, layers: elder.layers, part: part.site)
    }

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(firstBlock, "firstBlock", of: model)
        try require(
            layers >= 1 && firstBlock + layers <= model.blocks, "layers",
            "from 1 to \(model.blocks - firstBlock), which ends at the model's last block",
            got: layers)
        try require(
            part != .whole, "part", "to be `expansion` or `contraction`, a linear map",
            got: "`\(part.rawValue)`")
        try require(rank >= 1, "rank", "to be at least 1", got: rank)
        try require(alpha > 0 && alpha.isFinite, "alpha", "to be above 0", got: alpha)
        try require(
            initialScale > 0 && initialScale.isFinite, "initialScale", "to be above 0",
            got: initialScale)
        try require(batchSize >= 1, "batchSize", "to be at least 1", got: batchSize)
        try require(steps >= 1, "steps", "to be at least 1", got: steps)
        try require(
            learningRate > 0 && learningRate.isFinite, "learningRate", "to be above 0",
            got: learningRate)
        if let stopEvery {
            try require(stopEvery >= 1, "stopEvery", "to be at least 1", got: stopEvery)
        }
        try require(
            stopMargin >= 0 && stopMargin.isFinite, "stopMargin", "to be at least 0",
            got: stopMargin)
    }
}
