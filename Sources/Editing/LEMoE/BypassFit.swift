import Edits
import LanguageModels
import Torch

// Sizes: N target tokens of a minibatch, n rows, D width.

/// Fits what stands beside one MLP to one batch of edits.
///
/// Everything below the MLP, and what the MLP itself gives, is computed once; a step runs only the
/// blocks above.
struct BypassFit {
    let model: CausalModel
    let site: Site
    let batchSize, epochs: Int
    let stopLoss, learningRate, expertDecay, clipNorm: Double

    /// What one minibatch shall be computed with, and what is added to its loss.
    typealias Step = (adaptation: any Adaptation, extraLoss: Tensor?)

    /// Trains until a pass over the rows has a mean loss below `stopLoss`, and returns the
    /// language-model loss of every step.
    ///
    /// - Parameters:
    ///   - experts: trained with weight decay.
    ///   - routing: trained without.
    ///   - random: shuffles the rows anew for every pass.
    ///   - step: asked for every minibatch, given its places in `rows`.
    func callAsFunction(
        _ rows: [EncodedRow], experts: [Tensor], routing: [Tensor], random: inout SplitMix64,
        step: (_ rows: [Int]) throws -> Step
    ) throws -> [Double] {
        var expertOptimizer = Adam(
            parameters: experts, learningRate: learningRate, weightDecay: expertDecay)
        var routingOptimizer = Adam(parameters: routing, learningRate: learningRate)
        let prefix = try prefix(of: rows)
        var losses: [Double] = []
        for _ in 0..<epochs {
            var total = 0.0
            for places in random.shuffled(Array(rows.indices)).chunks(of: batchSize) {
                let batch = try EditBatch(places.map { rows[$0] }, device: model.device)
                let (adaptation, extraLoss) = try step(places)
                let hidden = try model.suffix(
                    prefix.rows(places), adaptation: adaptation, at: batch.positions)  // [N, D]
                let loss = try Tensor.crossEntropy(model.logits(hidden), labels: batch.labels)
                losses.append(try loss.item())
                total += losses.last! * Double(batch.labels.count)
                let whole = try extraLoss.map { try loss + $0 } ?? loss
                // Where every row went through frozen experts there is nothing to learn from.
                guard whole.requiresGradient else { continue }
                try whole.backward()
                try clip(experts + routing)
                try expertOptimizer.step()
                try routingOptimizer.step()
            }
            if total / Double(rows.reduce(0) { $0 + $1.target.count }) < stopLoss { break }
        }
        return losses
    }

    /// All rows below the site, in parts, so that wide layers never see the whole batch.
    private func prefix(of rows: [EncodedRow]) throws -> PrefixActivations {
        try .joined(
            rows.chunks(of: 32).map {
                try model.prefix(EditBatch($0, device: model.device).tokens, upTo: site)
            })
    }

    /// Shortens the gradient of all `tensors` together to `clipNorm`, as torch does.
    private func clip(_ tensors: [Tensor]) throws {
        try withoutGradients {
            let gradients = try tensors.compactMap { try $0.gradient }
            let squares = try gradients.map { try $0.pow(2).sum() }
            let norm = try Tensor.stacked(squares, dim: 0).sum().sqrt().item()
            // torch's own guard against a norm of zero.
            let factor = clipNorm / (norm + 1e-6)
            guard factor < 1 else { return }
            for gradient in gradients { try gradient.multiply(by: factor) }
        }
    }
}
