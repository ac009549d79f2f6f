import LanguageModels
import Torch

// Sizes: B rows, T tokens, in and out widths of the replaced map.

/// What is computed while an edit is taught: g · v + (1 − g) · the map's own output.
struct PredictionMixture: Adaptation {
    let site: Site
    let score: Tensor  // g, [B, 1]
    let prediction: Tensor  // v, [B, out]
    /// Where it is mixed in, bool [B, T].
    let isMixed: Tensor

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        guard site == self.site else { return base }
        let g = try score.unsqueezed(1)  // [B, 1, 1]
        let mixed = try g * prediction.unsqueezed(1) + (g.negated() + 1) * base.to(.float32)
        return try Tensor.choose(where: isMixed.unsqueezed(-1), mixed.to(base.dtype), else: base)
    }
}

/// What is computed while answering: the prediction where the gate is open, else the map's own
/// output, bit for bit.
struct PredictionSwitch: Adaptation {
    let site: Site
    /// v of each row, float32 [B, out].
    let prediction: Tensor
    /// Which positions it takes while the prompt runs, bool [B, T].
    let isReplaced: Tensor
    let later: Later

    /// What happens at generated tokens.
    enum Later {
        /// Rows that the prompt opened the gate for go on with its prediction, bool [B].
        case latched(Tensor)
        /// Each token is its own query and has its own prediction.
        case askedAgain(GatedPredictor, threshold: Double)
    }

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        guard site == self.site else { return base }
        if start == 0 { return try switched(base, to: prediction, where: isReplaced) }
        switch later {
        case .latched(let rows):
            return try switched(base, to: prediction, where: rows.unsqueezed(1))
        case .askedAgain(let predictor, let threshold):
            let query = try input.at(dim: 1, index: input.size(1) - 1).to(.float32)  // [B, in]
            let score = try predictor.score(query)  // [B, 1]
            let isOpen = try score.isAtLeast(
                .full(score.shape, value: threshold, device: score.device))
            return try switched(base, to: predictor.prediction(query), where: isOpen)
        }
    }

    /// - Parameter places: bool [B, T] or [B, 1].
    private func switched(
        _ base: Tensor, to prediction: Tensor, where places: Tensor
    ) throws -> Tensor {
        try Tensor.choose(
            where: places.unsqueezed(-1), prediction.unsqueezed(1).to(base.dtype), else: base)
    }
}
