package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary, in and out of the trained map.

/// Fine-tuning one linear map, edit after edit: the baselines FT-L and FT-M.
///
/// FT-L is the constrained fine-tuning of the ROME authors' repository (Meng et al., 2022, after
/// Zhu et al., 2020): Adam on the contraction of one block, kept within a box around where the
/// weights stood before the edit. FT-M differs in its loss alone. Nothing decides which prompts an
/// edit covers, so the one trained map serves them all.
package struct FineTuning: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: FineTuningConfig
    /// The map as trained so far; nil before the first edit.
    var map: FineTunedMap?

    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: FineTuningConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.model = model
        self.tokenizer = tokenizer
        self.config = config
    }

    /// The trained map; below it nothing changes, so one pass serves all steps of a batch.
    package var seam: Site { Site(block: config.layer, part: .contraction) }
    package var taps: [Site] { [] }

    package mutating func prepare() throws {}

    package var rowsPerBatch: Int { config.batchSize }

    /// Learns the rows of `edits`, prompts and taught rephrasings, a batch at a time.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        // A fault of the last edit is found before the first is learned.
        let lessons = try rows.map {
            try Lesson($0, config: config, model: model, tokenizer: tokenizer)
        }
        if let passes = config.passes {
            try teach(lessons, passes: passes, of: edits.count, onProgress: onProgress)
            return
        }
        try rows.inBatches(
            of: rowsPerBatch, edits: edits.count, onProgress: onProgress
        ) { places in
            let (steps, losses) = try teach(places.map { lessons[$0] })
            return (steps, losses.last)
        }
    }

    /// Trains the map on one batch.
    ///
    /// - Returns: how many steps were taken, and every loss that was seen.
    mutating func teach(_ lessons: [Lesson]) throws -> (steps: Int, losses: [Double]) {
        let batch = try LessonBatch(lessons, device: model.device)
        let prefix = try model.prefix(batch.tokens, upTo: seam)
        let start = try map ?? FineTunedMap(of: model, at: seam)
        let trained = try start.trainable(withBias: config.trainsBias)
        let parameters = trained.parameters(withBias: config.trainsBias)
        let centres = try parameters.map { try $0.detached().copy() }
        var optimizer = Adam(parameters: parameters, learningRate: config.learningRate)
        var losses: [Double] = []
        var steps = 0
        for _ in 0..<config.steps {
            let hidden = try model.suffix(
                prefix, adaptation: trained, at: batch.positions)  // [N, D]
            let loss = try batch.loss(model.logits(hidden))
            losses.append(try loss.item())
            if losses.last! < config.stopLoss { break }
            try loss.backward()
            try optimizer.step()
            steps += 1
            try config.box.map { try keep(parameters, within: $0, of: centres) }
        }
        map = try trained.detached()
        return (steps, losses)
    }

    /// Clamps every weight to the box around where it stood before the batch. As released, the box
    /// moves with every batch, so it does not bound how far the weights get in a lifetime.
    private func keep(_ parameters: [Tensor], within box: Double, of centres: [Tensor]) throws {
        try withoutGradients {
            for (parameter, centre) in zip(parameters, centres) {
                let (low, high) = (try centre - box, try centre + box)
                let raised = try Tensor.choose(
                    where: parameter.isLess(than: low), low, else: parameter)
                try parameter.copy(
                    from: .choose(where: high.isLess(than: raised), high, else: raised))
            }
        }
    }

    /// The trained map answers every prompt.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        Decision(
            adaptation: map,
            traces: prompts.map { _ in map == nil ? .unedited : .always() })
    }
}

/// The contraction of one block with other weights, in float32 whatever the model computes in.
struct FineTunedMap: JoiningAdaptation {
    let site: Site
    let weight: Tensor  // [out, in]
    /// [out], where the map has one.
    let bias: Tensor?

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        try input.to(.float32).linear(weight: weight, bias: bias).to(base.dtype)
    }
}

extension FineTunedMap {
    /// A copy of the base model's own map.
    init(of model: CausalModel, at site: Site) throws {
        let map = try model.linearMap(at: site)
        self.init(
            site: site, weight: try map.weight.to(.float32).contiguous().copy(),
            bias: try map.bias?.to(.float32).copy())
    }

    /// A copy that collects gradients.
    func trainable(withBias: Bool) throws -> FineTunedMap {
        FineTunedMap(
            site: site, weight: try weight.copy().requireGradient(),
            bias: try bias?.copy().requireGradient(withBias))
    }

    func detached() throws -> FineTunedMap {
        FineTunedMap(site: site, weight: try weight.detached(), bias: try bias?.detached())
    }

    /// What training changes.
    func parameters(withBias: Bool) -> [Tensor] {
        [weight] + (withBias ? bias.map { [$0] } ?? [] : [])
    }
}

/// No row differs from another.
extension FineTunedMap {
    var origin: ObjectIdentifier { ObjectIdentifier(weight) }

    static func joined(_ parts: [FineTunedMap]) throws -> FineTunedMap { parts[0] }
}
