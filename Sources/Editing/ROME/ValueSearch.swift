import LanguageModels
import Torch

// Sizes: B rows, T tokens, D width, N target tokens of all rows, V vocabulary.

/// Looks for what the edited map should give at the subject, so that the model says the target
/// (Meng et al., 2022, section 3.1, step 2).
///
///     L(δ) = mean of −log p(target) + λ Σ p_δ (log p_δ − log p_0) + w ‖δ‖ / ‖v‖²
///
/// δ is added to the map's output v at the subject's last token in every row; the second term is
/// taken there in the row of the subject alone. As released the norm of δ has the first power and
/// that of v the second.
struct ValueSearch {
    let config: ROMEConfig
    let model: CausalModel
    /// The rows below the edited map, the subject alone last.
    let prefix: PrefixActivations
    /// What the map gives today, float32: [B, T, D].
    let output: Tensor
    /// Where δ is added, 1 there and 0 elsewhere: [B, T, 1].
    let mask: Tensor
    /// The map's output at the subject in the bare prompt, v: [D].
    let value: Tensor
    /// Where targets are predicted in the flattened rows, and the subject's place of the last row.
    let positions: Tensor
    /// The target tokens: [N].
    let labels: Tensor
    /// Whether the last of `positions` is that of the subject alone.
    let hasEssence: Bool

    /// What a search came to.
    struct Result {
        /// v + δ: [D].
        let goal: Tensor
        let steps: Int
        /// Every loss that was seen.
        let losses: [Double]
    }

    func run() throws -> Result {
        let delta = try Tensor.zeros(value.shape, device: value.device).requireGradient()
        let length = try value.norm().item()
        var optimizer = Adam(parameters: [delta], learningRate: config.learningRate)
        var losses: [Double] = []
        var before: Tensor?
        for step in 0..<config.steps {
            let scores = try logScores(delta)  // [N + 1, V]
            if before == nil { before = try essence(scores)?.detached() }
            let loss = try loss(scores, before: before, delta: delta, length: length)
            losses.append(try loss.item())
            // The last look takes no step: with 20 there are 19.
            if losses.last! < config.stopLoss || step == config.steps - 1 { break }
            try loss.backward()
            try optimizer.step()
            try clamp(delta, to: config.clampFactor * length)
        }
        return Result(
            goal: try value + delta.detached(), steps: losses.count - 1, losses: losses)
    }

    /// log p at every wanted position with δ added, [N, V] and the essence's row where there is one.
    private func logScores(_ delta: Tensor) throws -> Tensor {
        let shifted = ShiftedOutput(site: prefix.seam, output: try output + mask * delta)
        return try model.logits(model.suffix(prefix, adaptation: shifted, at: positions))
            .logSoftmax(dim: -1)
    }

    private func loss(
        _ scores: Tensor, before: Tensor?, delta: Tensor, length: Double
    ) throws -> Tensor {
        let said = try scores.narrowed(dim: 0, start: 0, length: labels.count)
            .gathered(dim: -1, index: labels.unsqueezed(-1))
        var loss = try said.mean().negated()
        if let now = try essence(scores), let before {
            loss = try loss + divergence(of: now, from: before) * config.klFactor
        }
        // At the start δ is zero, where its norm has no gradient; PyTorch takes zero for it.
        guard try delta.detached().norm().item() > 0 else { return loss }
        return try loss + decay(delta, length: length)
    }

    /// w ‖δ‖ / ‖v‖².
    func decay(_ delta: Tensor, length: Double) throws -> Tensor {
        try delta.norm() * (config.weightDecay / (length * length))
    }

    /// log p after the subject alone, [V].
    private func essence(_ scores: Tensor) throws -> Tensor? {
        hasEssence ? try scores.at(dim: 0, index: labels.count) : nil
    }

    private func clamp(_ delta: Tensor, to limit: Double) throws {
        try withoutGradients {
            let size = try delta.norm().item()
            if size > limit { try delta.multiply(by: limit / size) }
        }
    }
}

/// Σ p (log p − log q) for log-probabilities [V].
func divergence(of now: Tensor, from before: Tensor) throws -> Tensor {
    try (now.exp() * (now - before)).sum()
}

/// One map whose output is given.
struct ShiftedOutput: Adaptation {
    let site: Site
    let output: Tensor  // [B, T, out], float32

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        try output.to(base.dtype)
    }
}
