package import LanguageModels

/// The hyper-parameters of the lifelong method.
package struct LifelongConfig: Recipe {
    /// The block beside whose MLP the experts stand, counted from zero.
    package var block: Int
    /// m, the inner width of an expert's MLP.
    package var expertWidth = 4
    /// The standard deviation of an expert's inner weights to begin with; its last map starts at
    /// zero.
    package var initialDeviation = 0.1

    package var learningRate = 1e-2
    /// Optimiser steps at most.
    package var steps = 100
    /// An edit is learned when every token of its target leads all others by this, in logits.
    package var margin = 6.0
    /// Every how many steps that is looked at.
    package var marginEvery = 5

    /// The block whose MLP's input at the end of a prompt is what the prompt means.
    package var queryBlock: Int
    /// Texts that the base model writes, to know what meanings are like without any edit.
    package var samples = 512
    /// The share of these texts that may mean what a stored wording means: the reach of each
    /// wording is the cosine that so many exceed.
    package var accidents = 0.005
    /// What a cosine of one is worth, in covered words, when the nearest is chosen.
    package var cosineShare = 0.5
    /// The least share of its rare words that finds a wording without a known subject.
    package var coverage = 0.65

    /// - Throws: `EditError` for a value out of range, or a block that `model` does not have.
    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        try require(
            (0...block).contains(queryBlock), "queryBlock", "from 0 to `block` (\(block))",
            got: queryBlock)
        for (key, value) in [
            ("expertWidth", expertWidth), ("steps", steps), ("marginEvery", marginEvery),
            ("samples", samples),
        ] {
            try require(value >= 1, key, "of at least 1", got: value)
        }
        for (key, value) in [
            ("learningRate", learningRate), ("initialDeviation", initialDeviation),
        ] {
            try require(value > 0 && value.isFinite, key, "above 0", got: value)
        }
        for (key, value) in [("margin", margin), ("cosineShare", cosineShare)] {
            try require(value >= 0 && value.isFinite, key, "of at least 0", got: value)
        }
        for (key, value) in [("accidents", accidents), ("coverage", coverage)] {
            try require((0...1).contains(value), key, "from 0 to 1", got: value)
        }
    }

    /// Experts half-way up, so that the upper half can say the answer in any sentence.
    package static func `default`(for model: ModelConfiguration) -> LifelongConfig {
        LifelongConfig(block: model.blocks / 2, queryBlock: model.blocks / 3)
    }
}
