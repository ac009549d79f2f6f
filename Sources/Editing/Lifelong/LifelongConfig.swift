package import LanguageModels

/// The hyper-parameters of the lifelong method.
package struct LifelongConfig: Recipe {
    /// The block beside whose MLP the experts stand, counted from zero.
    package var block: Int
    /// m, the inner width of an expert's MLP.
    package var expertWidth = 4
    /// The standard deviation of an expert's inner weights to begin with; its last map starts at
    /// zero.
    package var initialDeviation = 0.05

    package var learningRate = 1e-2
    /// Optimiser steps at most.
    package var steps = 100
    /// An edit is learned when every token of its target leads all others by this, in logits.
    package var margin = 6.0
    /// Every how many steps that is looked at.
    package var marginEvery = 5

    /// The likeliest next tokens that are kept of what the unedited model would say to a wording.
    package var answerTokens = 64
    /// The least agreement between what it would say to a prompt and to a wording: below it, they
    /// ask something else.
    package var agreement = 0.4
    /// What full agreement is worth, in covered words, when the nearest is chosen.
    package var agreementShare = 0.5
    /// Texts that the base model writes, to know which words are common.
    package var samples = 512
    /// The least share of its rare words that finds a wording without subject or names.
    package var coverage = 0.65

    /// - Throws: `EditError` for a value out of range, or a block that `model` does not have.
    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        for (key, value) in [
            ("expertWidth", expertWidth), ("steps", steps), ("marginEvery", marginEvery),
            ("answerTokens", answerTokens), ("samples", samples),
        ] {
            try require(value >= 1, key, "of at least 1", got: value)
        }
        for (key, value) in [
            ("learningRate", learningRate), ("initialDeviation", initialDeviation),
        ] {
            try require(value > 0 && value.isFinite, key, "above 0", got: value)
        }
        for (key, value) in [("margin", margin), ("agreementShare", agreementShare)] {
            try require(value >= 0 && value.isFinite, key, "of at least 0", got: value)
        }
        try require((0...1).contains(coverage), "coverage", "from 0 to 1", got: coverage)
        // At one the edge would have no width.
        try require((0..<1).contains(agreement), "agreement", "from 0 to below 1", got: agreement)
    }

    /// Experts half-way up, so that the upper half can say the answer in any sentence.
    package static func `default`(for model: ModelConfiguration) -> LifelongConfig {
        LifelongConfig(block: model.blocks / 2)
    }
}
