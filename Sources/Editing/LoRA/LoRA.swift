import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary, r rank.

/// One LoRA (Hu et al., arXiv 2106.09685) in each of a few maps, trained on one batch of edits after
/// another.
///
/// What lifelong editing looks like without any of its remedies: nothing routes, nothing defers,
/// and every batch writes over the same few numbers.
package struct LoRA: EditingMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: LoRAConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    /// What is trained, one for each adapted block.
    let maps: [LowRankMap]
    /// How many rows were learned; before the first the model is the unedited one.
    var learnedRows = 0

    /// Teaches rows, and returns the loss of each step.
    mutating func teach(_ rows: [EncodedRow]) throws -> [Double] {
        let losses = try train(EditBatch(rows, device: model.device))
        learnedRows += rows.count
        return losses
    }

    /// Takes all steps on one batch with an optimiser of its own.
    func train(_ batch: EditBatch) throws -> [Double] {
        // Below the seam nothing is trained, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam)
        var optimizer = Adam(parameters: trained, learningRate: config.learningRate)
        var losses: [Double] = []
        for step in 0..<config.steps {
            let hidden = try model.suffix(
                prefix, adaptation: adaptation, at: batch.positions)  // [N, D]
            let logits = try model.logits(hidden)  // [N, V]
            if try isLearned(logits, labels: batch.labels, step: step) { break }
            let loss = try Tensor.crossEntropy(logits, labels: batch.labels)
            try loss.backward()
            try optimizer.step()
            losses.append(try loss.item())
        }
        return losses
    }

    /// Everything goes through the LoRA, whatever it asks.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard learnedRows > 0 else {
            return Decision(adaptation: nil, traces: prompts.map { _ in RouteTrace.unedited })
        }
        return Decision(adaptation: adaptation, traces: prompts.map { _ in RouteTrace.always() })
    }
}

/// One low-rank change to a linear map: x ↦ x · A · B.
struct LowRankMap {
    let a: Tensor  // [in, r]
    let b: Tensor  // [r, out]
}

/// Adds the low-rank changes to the maps they belong to, for every row and every token.
struct LowRankAdaptation: JoiningAdaptation {
    let sites: [Site]
    let maps: [LowRankMap]
    /// α / r
    let scale: Double

    func adapts(_ site: Site) -> Bool { sites.contains(site) }

    func output(
        at site: Site, input: Tensor, base: Tensor, start: Int
    ) throws -> Tensor {
        guard let index = sites.firstIndex(of: site) else { return base }
        let low = try input.to(.float32).affine(weight: maps[index].a)  // [B, T, r]
        let change = try low.affine(weight: maps[index].b) * scale  // [B, T, out]
        return try base + change.to(base.dtype)
    }
}

/// No row differs from another.
extension LowRankAdaptation {
    var origin: ObjectIdentifier { ObjectIdentifier(maps[0].a) }

    static func joined(_ parts: [LowRankAdaptation]) throws -> LowRankAdaptation { parts[0] }
}
