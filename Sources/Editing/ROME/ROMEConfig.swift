import Edits
package import LanguageModels

/// The hyper-parameters of ROME and R-ROME.
///
/// Published values are those of the authors' code for GPT2-XL (`hparams/ROME/gpt2-xl.json`) and of
/// EasyEdit's for LLaMA2-7B.
package struct ROMEConfig: Recipe {
    /// Which keys a write is solved for: the inputs of the edited map at the subject's last token,
    /// averaged over the prompts with sampled text before them, or of the bare prompt.
    package enum Keys: String, Codable, Sendable, CaseIterable {
        /// The averaged key sets the direction, the bare prompt's the length. This is ROME as
        /// released; where the two point apart, the write explodes.
        case mixed
        /// The averaged key in both places: R-ROME (arXiv 2403.07175).
        case averaged
        /// The bare prompt's key in both places.
        case clean
    }

    /// What becomes of an edit whose prompt does not name its subject exactly once.
    package enum MissingSubject: String, Codable, Sendable, CaseIterable {
        /// It is an error.
        case refuse
        /// The last prompt token stands for the subject's last: no longer ROME, but every edit runs.
        case lastToken
    }

    /// The block whose contraction is written into; published 17 of 48 in GPT2-XL, 5 of 32 in
    /// LLaMA2-7B. `CausalTracing` finds it for a model that has none published.
    package var layer: Int
    /// Which keys a write is solved for.
    package var keys: Keys
    /// Looks at the loss while the value is found, the last without a step after it; published 20
    /// in GPT2-XL, 25 in LLaMA2-7B.
    package var steps: Int
    /// Adam's step size for the value; published 0.5.
    package var learningRate = 0.5
    /// How much the value's change is held back; published 0.5 in GPT2-XL, 1e-3 in LLaMA2-7B.
    package var weightDecay: Double
    /// How much what is said after the subject alone must stay; published 0.0625.
    package var klFactor = 0.0625
    /// The value's change is kept below this many times the value's own norm; published 4.
    package var clampFactor = 4.0
    /// The value is found once the loss is below this, in nats; published 0.05.
    package var stopLoss = 0.05
    /// Lengths in tokens, the start mark included, of the texts sampled to stand before a prompt;
    /// published 5 and 10.
    package var contextLengths = [5, 10]
    /// Texts sampled of each length; published 10.
    package var contextsPerLength = 10
    /// Tokens that sampling chooses among; published 5.
    package var contextTopK = 5
    /// A text file, one passage a line, from which the covariance of keys is estimated; absent: the
    /// identity in its place, as in EasyEdit. Published: Wikipedia, 100,000 articles.
    package var covariance: String?
    /// Added to the covariance's diagonal, as a share of its mean; published 0. Text of few tokens
    /// needs some, say 1e-3.
    package var ridge = 0.0
    /// The folder where covariances are kept; absent: `errata` in the system's cache folder.
    package var covarianceFolder: String?
    /// What becomes of an edit whose prompt does not name its subject exactly once.
    package var missingSubject = MissingSubject.refuse
    /// Whether the end-of-text mark is the target's last token; not in the released code.
    package var learnsEnd = false

    package init(layer: Int, keys: Keys, steps: Int, weightDecay: Double) {
        self.layer = layer
        self.keys = keys
        self.steps = steps
        self.weightDecay = weightDecay
    }

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(layer, "layer", of: model)
        try require(steps >= 1, "steps", "to be at least 1", got: steps)
        try require(learningRate > 0, "learningRate", "above 0", got: learningRate)
        try require(weightDecay >= 0, "weightDecay", "to be 0 or more", got: weightDecay)
        try require(klFactor >= 0, "klFactor", "to be 0 or more", got: klFactor)
        try require(clampFactor > 0, "clampFactor", "above 0", got: clampFactor)
        try require(stopLoss >= 0, "stopLoss", "to be 0 or more", got: stopLoss)
        try require(
            contextLengths.allSatisfy { (2...model.contextLength).contains($0) },
            "contextLengths", "from 2 to the model's context of \(model.contextLength)",
            got: contextLengths)
        try require(
            contextsPerLength >= 0, "contextsPerLength", "to be 0 or more", got: contextsPerLength)
        try require(contextTopK >= 1, "contextTopK", "to be at least 1", got: contextTopK)
        try require(ridge >= 0, "ridge", "to be 0 or more", got: ridge)
    }
}

extension ROMEConfig {
    /// The published block, scaled to the model's depth.
    package static func layer(for model: ModelConfiguration) -> Int {
        let (block, blocks) = model.family == .gpt2 ? (17, 48) : (5, 32)
        return (block * model.blocks + blocks / 2) / blocks
    }

    /// The published recipe for a model of this family, without a covariance: give the file.
    package static func paper(_ keys: Keys, for model: ModelConfiguration) -> ROMEConfig {
        let isGPT2 = model.family == .gpt2
        return ROMEConfig(
            layer: layer(for: model), keys: keys, steps: isGPT2 ? 20 : 25,
            weightDecay: isGPT2 ? 0.5 : 1e-3)
    }

    /// For models a fraction as wide as the published ones.
    ///
    /// Their values are short beside the stream they are added to, so that the published clamp and
    /// step size leave a target out of reach: in a GPT-2 of 12 blocks and width 256 the loss of a
    /// single edit stayed above 5. The search is longer, finer and freer, and few texts stand before
    /// a prompt, which such a model may never have seen there.
    package static func narrow(_ keys: Keys, for model: ModelConfiguration) -> ROMEConfig {
        var config = paper(keys, for: model)
        (config.learningRate, config.steps) = (0.1, 60)
        (config.clampFactor, config.weightDecay) = (40, 1e-3)
        config.contextsPerLength = 2
        return config
    }
}
