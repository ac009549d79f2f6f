import CTorch

extension Tensor {
    // MARK: Products

    package func matmul(_ other: Tensor) throws -> Tensor {
        try Self.make { ct_matmul(handle, other.handle, &$0) }
    }

    /// `x · weightᵀ + bias`, with `weight` [out, in].
    package func linear(weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
        try Self.make { ct_linear(handle, weight.handle, bias?.handle, &$0) }
    }

    /// `x · weight + bias`, with `weight` [in, out], as GPT-2 stores it.
    package func affine(weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
        try Self.make { ct_affine(handle, weight.handle, bias?.handle, &$0) }
    }

    /// The x of self · x = `other`, for a square matrix self [n, n] and `other` [n, m].
    package func solved(for other: Tensor) throws -> Tensor {
        try Self.make { ct_solve(handle, other.handle, &$0) }
    }

    // MARK: Activations

    /// The exact form, with the error function.
    package func gelu() throws -> Tensor { try unary(CT_GELU) }

    /// The tanh approximation, which GPT-2 calls `gelu_new`.
    package func geluTanh() throws -> Tensor { try unary(CT_GELU_TANH) }
    package func silu() throws -> Tensor { try unary(CT_SILU) }
    package func sigmoid() throws -> Tensor { try unary(CT_SIGMOID) }
    package func relu() throws -> Tensor { try unary(CT_RELU) }

    package func softmax(dim: Int) throws -> Tensor {
        try Self.make { ct_softmax(handle, Int64(dim), &$0) }
    }

    package func logSoftmax(dim: Int) throws -> Tensor {
        try Self.make { ct_log_softmax(handle, Int64(dim), &$0) }
    }

    // MARK: Layers

    /// The rows of `weight` [V, D] that `ids` name: [..., D].
    package static func embedding(weight: Tensor, ids: Tensor) throws -> Tensor {
        try make { ct_embedding(weight.handle, ids.handle, &$0) }
    }

    package func layerNorm(weight: Tensor, bias: Tensor?, epsilon: Double) throws -> Tensor {
        try Self.make { ct_layer_norm(handle, weight.handle, bias?.handle, epsilon, &$0) }
    }

    package func rmsNorm(weight: Tensor, epsilon: Double) throws -> Tensor {
        try Self.make { ct_rms_norm(handle, weight.handle, epsilon, &$0) }
    }

    /// The fused kernel over [B, H, T, d].
    ///
    /// - Parameter mask: bool, [B, 1, T, S], true where a query may look; or nil.
    /// - Parameter scale: factor of the products; nil stands for 1/√d.
    package static func attention(
        query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
        scale: Double? = nil, groupedQueries: Bool = false
    ) throws -> Tensor {
        let factor = scale ?? 1 / Double(query.size(-1)).squareRoot()
        return try make {
            ct_attention(
                query.handle, key.handle, value.handle, mask?.handle, isCausal, factor,
                groupedQueries, &$0)
        }
    }

    /// The mean negative log-likelihood of `labels` [N] under `logits` [N, V]; labels equal to
    /// `ignoring` do not count.
    package static func crossEntropy(
        _ logits: Tensor, labels: Tensor, ignoring ignored: Int = -100
    ) throws -> Tensor {
        try make { ct_cross_entropy(logits.handle, labels.handle, Int64(ignored), &$0) }
    }
}
