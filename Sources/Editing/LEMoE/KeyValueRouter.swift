import Edits
import Torch

// Sizes: B rows, E experts, d width of an embedding, b inner width of the projection.

/// Turns an embedding into a value: W_up · silu(W_down · e), without biases (LEMoE section 4.2).
struct ValueProjection {
    let down: Tensor  // [b, d]
    let up: Tensor  // [d, b]

    /// [B, d] to [B, d].
    func callAsFunction(_ embeddings: Tensor) throws -> Tensor {
        try embeddings.linear(weight: down).silu().linear(weight: up)
    }

    func mapped(_ change: (Tensor) throws -> Tensor) rethrows -> ValueProjection {
        ValueProjection(down: try change(down), up: try change(up))
    }
}

extension ValueProjection {
    /// Drawn as a linear layer is: uniform in ±1/√in.
    init(width d: Int, bottleneck b: Int, device: Device, random: inout SplitMix64) throws {
        func uniform(_ shape: [Int]) throws -> Tensor {
            let bound = 1 / Double(shape[1]).squareRoot()
            return try Tensor.uniform(
                shape, low: -bound, high: bound, seed: random.next(), device: device)
        }
        self.init(down: try uniform([b, d]), up: try uniform([d, b]))
    }
}

/// One key an expert, compared with the value of a prompt (LEMoE section 4.2).
///
/// What is compared follows from token ids alone, so no edit below or above changes it; whether the
/// comparison goes on giving the same expert depends on the projection, see
/// ``LEMoEConfig/Projection``.
struct KeyValueRouter {
    /// One for all experts, or one for each; none where embeddings are compared as they are.
    var projections: [ValueProjection]
    /// [d] each, in the order of the experts.
    var keys: [Tensor]

    /// How alike each embedding and each expert's key are: [B, E].
    ///
    /// - Parameter center: the mean of the stored embeddings, [d]; nil where none is taken off.
    func similarities(
        _ embeddings: Tensor, as similarity: LEMoEConfig.Similarity, center: Tensor?
    ) throws -> Tensor {
        if projections.count > 1 {
            return try Tensor.concatenated(
                keys.indices.map {
                    try Self.compare(
                        embeddings, [keys[$0]], through: projections[$0], similarity, center)
                }, dim: 1)
        }
        return try Self.compare(embeddings, keys, through: projections.first, similarity, center)
    }

    private static func compare(
        _ embeddings: Tensor, _ keys: [Tensor], through projection: ValueProjection?,
        _ similarity: LEMoEConfig.Similarity, _ center: Tensor?
    ) throws -> Tensor {
        func value(_ x: Tensor) throws -> Tensor { try projection?(x) ?? x }
        return try similarity.between(
            value(embeddings), Tensor.stacked(keys, dim: 0),
            center: center.map { try value($0.unsqueezed(0)).squeezed(0) })
    }
}

extension LEMoEConfig.Similarity {
    /// Of every row of `values` [B, d] with every row of `keys` [n, d]: [B, n].
    ///
    /// - Parameter center: taken from both, [d].
    func between(_ values: Tensor, _ keys: Tensor, center: Tensor?) throws -> Tensor {
        if self == .dot { return try values.matmul(keys.transposed(0, 1)) }
        return try values.directions(from: center)
            .matmul(keys.directions(from: center).transposed(0, 1))
    }
}
