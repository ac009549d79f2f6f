import Edits
import Torch

// Sizes: B rows, L adapted layers, E experts a layer, k chosen of them, d width of the query.

/// Chooses, for every adapted layer at once, which LoRAs a prompt goes through (ELDER eq. 1).
///
/// One linear map per layer from the shared query to scores over the layer's experts. The query is
/// taken below the first adapted layer, so all layers are decided before any of them is reached.
struct Router {
    let weight: Tensor  // [L, E, d]
    let bias: Tensor  // [L, E]

    /// Scores and choices for `query` [B, d], in float32.
    func routes(_ query: Tensor, active: Int) throws -> Routes {
        let (layers, experts) = (weight.size(0), weight.size(1))
        let logits = try query.linear(
            weight: weight.reshaped([layers * experts, -1]), bias: bias.reshaped([-1]))
        return try Routes(logits: logits.reshaped([-1, layers, experts]), active: active)
    }

    /// The router of one layer alone.
    func layer(_ index: Int) throws -> Router {
        Router(
            weight: try weight.narrowed(dim: 0, start: index, length: 1),
            bias: try bias.narrowed(dim: 0, start: index, length: 1))
    }
}

/// What the routers say of a batch.
struct Routes {
    /// What the routers gave: [B, L, E].
    let logits: Tensor
    /// Probabilities of the experts, and their logarithms: [B, L, E].
    let scores: Tensor
    let logScores: Tensor
    /// The k best of each layer, best first, int64: [B, L, k].
    let chosen: Tensor
    /// One where chosen, zero elsewhere: [B, L, E].
    let mask: Tensor

    init(logits: Tensor, active: Int) throws {
        self.logits = logits
        scores = try logits.softmax(dim: -1)
        logScores = try logits.logSoftmax(dim: -1)
        let best = try withoutGradients { try logits.topK(active, dim: -1).indices }
        chosen = best
        mask = try Tensor.zeros(logits.shape, device: logits.device)
            .scattered(dim: -1, index: best, source: .ones(best.shape, device: logits.device))
    }

    /// Scores of the chosen experts, zero for the others (eq. 3): [B, L, E].
    ///
    /// - Parameter allocation: experts to use instead of the chosen ones, one-hot [B, L, E].
    /// - Parameter renormalising: whether each layer's weights are scaled to sum to one. The paper
    ///   does not, so its weights grow as the router gets surer of itself.
    func weights(forcing allocation: Tensor? = nil, renormalising: Bool) throws -> Tensor {
        let kept = try scores * (allocation ?? mask)
        return renormalising ? try kept / kept.sum(dim: -1, keepDim: true) : kept
    }

    /// Pulls the scores towards pre-assigned experts (eq. 5): the negative log-score of every
    /// assigned expert, summed over layers, averaged over rows.
    ///
    /// - Parameter allocation: one-hot [B, L, E].
    func guidanceLoss(towards allocation: Tensor) throws -> Tensor {
        try (logScores * allocation).sum() * (-1 / Double(scores.size(0)))
    }

    /// The load-balancing loss of the Switch Transformer, which the paper's ablation puts in place
    /// of guidance (Table 4): E · Σ (share of rows sent to e) · (mean score of e), over layers.
    func balancingLoss() throws -> Tensor {
        try (mask.mean(dim: 0) * scores.mean(dim: 0)).sum() * Double(scores.size(-1))
    }

    /// The allocation codes of the rows (eq. 7).
    func codes() throws -> [RouteCode] {
        let (layers, active) = (chosen.size(1), chosen.size(2))
        let flat = try chosen.ints()
        return (0..<chosen.size(0)).map { row in
            let choices = (0..<layers).map { layer in
                let start = (row * layers + layer) * active
                return Array(flat[start..<start + active])
            }
            return RouteCode(chosen: choices, experts: scores.size(-1))
        }
    }
}
