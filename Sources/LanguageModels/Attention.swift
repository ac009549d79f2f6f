import Torch

/// Scaled dot-product attention over heads, with or without a cache.
struct Attention {
    let heads: Int
    let keyValueHeads: Int
    let headWidth: Int

    /// Up to here the fused kernel reads a bf16 cache as fast as matrix-vector products do.
    private static let shortCache = 64

    /// - Parameters:
    ///   - query: [B, T, H·d]; `key` and `value` [B, T, H′·d] with H′ key-value heads.
    ///   - memory: keys and values of earlier tokens, to which these are added.
    /// - Returns: [B, T, H·d]
    func callAsFunction(
        query: Tensor, key: Tensor, value: Tensor, at placement: Placement,
        memory: inout BlockMemory?
    ) throws -> Tensor {
        var query = try split(query, into: heads)  // [B, H, T, d]
        var key = try split(key, into: keyValueHeads)  // [B, H′, T, d]
        var value = try split(value, into: keyValueHeads)
        if let rotation = placement.rotation {
            query = try rotation(query)
            key = try rotation(key)
        }
        if memory != nil {
            (key, value) = try memory!.append(key, value)  // [B, H′, S, d]
        }
        let mixed = try mixed(query, key, value, at: placement)  // [B, H, T, d]
        return try mixed.transposed(1, 2).reshaped([query.size(0), query.size(2), -1])
    }

    private func split(_ x: Tensor, into count: Int) throws -> Tensor {
        try x.reshaped([x.size(0), x.size(1), count, headWidth]).transposed(1, 2)
    }

    private func mixed(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, at placement: Placement
    ) throws -> Tensor {
        if query.requiresGradient || key.requiresGradient || value.requiresGradient {
            return try plain(query, key, value, at: placement)
        }
        let isLongReading = query.size(2) == 1 && key.size(2) > Self.shortCache
        return isLongReading && value.dtype == .bfloat16
            ? try single(query, key, value, at: placement)
            : try fused(query, key, value, placement)
    }

    private func fused(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ placement: Placement
    ) throws -> Tensor {
        try Tensor.attention(
            query: query, key: key, value: value, mask: placement.visible,
            isCausal: placement.isCausal, groupedQueries: heads != keyValueHeads)
    }

    /// The same spelled out: backwards over short rows, the fused kernel is slower on a CPU.
    private func plain(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, at placement: Placement
    ) throws -> Tensor {
        let key = try repeated(key)
        let value = try repeated(value)
        let scale = 1 / Double(headWidth).squareRoot()
        var scores = try (query * scale).matmul(key.transposed(2, 3)).to(.float32)  // [B, H, T, S]
        if let hidden = try placement.hidden() {
            scores = try scores.maskedFill(where: hidden, value: -.infinity)
        }
        return try scores.softmax(dim: -1).to(value.dtype).matmul(value)  // [B, H, T, d]
    }

    /// One query for each head: keys and values are read where they lie, matrix by vector.
    ///
    /// Over a long cache in bf16 that takes a third of the fused kernel's time on a CPU.
    private func single(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, at placement: Placement
    ) throws -> Tensor {
        let scale = 1 / Double(headWidth).squareRoot()
        let shape = [query.size(0), keyValueHeads, heads / keyValueHeads, headWidth]
        let queries = try (query * scale).reshaped(shape).transposed(2, 3)  // [B, H′, d, g]
        var scores = try key.matmul(queries).to(.float32)  // [B, H′, S, g]
        if let hidden = try placement.hidden() {
            scores = try scores.maskedFill(where: hidden.transposed(2, 3), value: -.infinity)
        }
        let weights = try scores.softmax(dim: 2).to(value.dtype).transposed(2, 3)  // [B, H′, g, S]
        return try weights.matmul(value).reshaped(query.shape)  // [B, H, 1, d]
    }

    /// Every key-value head once for each query head that shares it: [B, H, S, d].
    private func repeated(_ x: Tensor) throws -> Tensor {
        guard heads != keyValueHeads else { return x }
        let (batch, slots) = (x.size(0), x.size(2))
        return try x.unsqueezed(2)
            .expanded([batch, keyValueHeads, heads / keyValueHeads, slots, headWidth])
            .reshaped([batch, heads, slots, headWidth])
    }
}
