import Edits
package import LanguageModels

/// The hyper-parameters of FT-L and FT-M.
///
/// The values called published are those of the ROME authors' code for GPT2-XL (`FT-L`,
/// `hparams/FT/gpt2-xl_constr.json`) and of EasyEdit's for LLaMA2-7B.
package struct FineTuningConfig: Recipe {
    /// What the loss of an edit is read from.
    package enum Loss: String, Codable, Sendable, CaseIterable {
        /// One distribution, that after the last prompt token, for all tokens of the target: the
        /// target itself is never fed. This is FT-L as released. With a target of m different
        /// tokens the loss cannot fall below ln m, and the model is not told their order.
        case lastPromptToken
        /// Each token of the target from the tokens before it, as any language model is trained:
        /// FT-M.
        case teacherForced
    }

    /// What the loss is read from.
    package var loss: Loss
    /// The block whose contraction is trained; published 0 of 48 in GPT2-XL, 21 of 32 in LLaMA2-7B.
    package var layer: Int
    /// Whether the contraction's bias is trained too, where it has one; published in GPT-2 only.
    package var trainsBias: Bool
    /// Adam's step size; published 5e-4.
    package var learningRate = 5e-4
    /// The most steps a batch is trained for; published 25.
    package var steps = 25
    /// Training ends once the loss is below this, in nats; published 0.01.
    package var stopLoss = 0.01
    /// How far a weight may get from where it stood before the batch; published 5e-4 in GPT2-XL and
    /// absent in LLaMA2-7B. It bounds one batch, not their sum.
    package var box: Double?
    /// Rows trained together; published 1.
    package var batchSize = 1
    /// How often all rows are gone through, in an order drawn anew each time, with one step for each
    /// `batchSize` of them; absent to teach one batch after the other to its end, as a stream.
    package var passes: Int?
    /// Whether the end-of-text mark is learned as the target's last token. The released code leaves
    /// it out: FT-L would take it for one more thing to say at once.
    package var learnsEnd: Bool

    package init(loss: Loss, layer: Int, trainsBias: Bool, box: Double?, learnsEnd: Bool) {
        self.loss = loss
        self.layer = layer
        self.trainsBias = trainsBias
        self.box = box
        self.learnsEnd = learnsEnd
    }

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(layer, "layer", of: model)
        try require(learningRate > 0, "learningRate", "above 0", got: learningRate)
        try require(steps >= 1, "steps", "to be at least 1", got: steps)
        try require(stopLoss >= 0, "stopLoss", "to be 0 or more", got: stopLoss)
        try require((box ?? 1) > 0, "box", "above 0, or absent", got: box ?? 0)
        try require(batchSize >= 1, "batchSize", "to be at least 1", got: batchSize)
        try require((passes ?? 1) >= 1, "passes", "at least 1, or absent", got: passes ?? 0)
        try require(
            passes == nil || box == nil, "box", "absent where `passes` is given", got: box ?? 0)
    }
}

extension FineTuningConfig {
    /// The published recipe, its layer scaled to the model's depth.
    ///
    /// FT-M learns the end mark, which no released loss has: without it an answer does not end.
    package static func paper(_ loss: Loss, for model: ModelConfiguration) -> FineTuningConfig {
        let isGPT2 = model.family == .gpt2
        return FineTuningConfig(
            loss: loss, layer: isGPT2 ? 0 : (21 * model.blocks + 16) / 32, trainsBias: isGPT2,
            box: isGPT2 ? 5e-4 : nil, learnsEnd: loss == .teacherForced)
    }

    /// The same at ROME's layer, where the ELDER paper says that its FT-L was.
    package static func romeLayer(_ loss: Loss, for model: ModelConfiguration) -> FineTuningConfig {
        var config = paper(loss, for: model)
        config.layer = ROMEConfig.layer(for: model)
        return config
    }

    /// The same without a box, as EasyEdit has it for LLaMA2-7B.
    ///
    /// The published box suits a map of GPT2-XL's size; over the 1,024 inputs of a GPT-2 of width 256
    /// it lets hardly any edit through.
    package static func unboxed(_ loss: Loss, for model: ModelConfiguration) -> FineTuningConfig {
        var config = paper(loss, for: model)
        config.box = nil
        return config
    }

    /// All edits at once, again and again: no stream, but what one map can hold at best.
    package static func joint(for model: ModelConfiguration) -> FineTuningConfig {
        var config = romeLayer(.teacherForced, for: model)
        (config.box, config.batchSize, config.passes) = (nil, 32, 40)
        return config
    }
}
