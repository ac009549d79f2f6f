import Torch

// Sizes: B rows, in and out widths of the replaced map.

/// Two linear maps of one query: a gate, and what the edited map shall give instead.
struct GatedPredictor {
    let gateWeight: Tensor  // [1, in]
    let gateBias: Tensor  // [1]
    let weight: Tensor  // [out, in]
    let bias: Tensor  // [out]

    /// g = σ(w · q + b) for queries [B, in]: [B, 1].
    func score(_ query: Tensor) throws -> Tensor {
        try query.linear(weight: gateWeight, bias: gateBias).sigmoid()
    }

    /// v = P · q + c for queries [B, in]: [B, out].
    func prediction(_ query: Tensor) throws -> Tensor {
        try query.linear(weight: weight, bias: bias)
    }

    var tensors: [Tensor] { [gateWeight, gateBias, weight, bias] }

    /// The same numbers in leaves of their own that collect gradients.
    func trainable() throws -> GatedPredictor { try mapped { try $0.copy().requireGradient() } }

    /// The same numbers as constants.
    func detached() throws -> GatedPredictor { try mapped { try $0.detached() } }

    private func mapped(_ change: (Tensor) throws -> Tensor) throws -> GatedPredictor {
        GatedPredictor(
            gateWeight: try change(gateWeight), gateBias: try change(gateBias),
            weight: try change(weight), bias: try change(bias))
    }
}
