import CTorch

extension Tensor {
    // MARK: Moving

    /// The same values as another element type; this tensor itself when it already is.
    package func to(_ dtype: DType) throws -> Tensor {
        try Self.make { ct_to_dtype(handle, dtype.handle, &$0) }
    }

    /// The same values on another device; shares storage when already there.
    package func to(_ device: Device) throws -> Tensor {
        try Self.make { ct_to_device(handle, device.handle, &$0) }
    }

    /// The same values laid out row by row.
    package func contiguous() throws -> Tensor {
        try Self.make { ct_contiguous(handle, &$0) }
    }

    /// The same values in storage of their own.
    package func copy() throws -> Tensor {
        try Self.make { ct_copy(handle, &$0) }
    }

    // MARK: Shape; negative dimensions count from the end

    /// The same elements as another shape; one size may be -1.
    package func reshaped(_ shape: [Int]) throws -> Tensor {
        try Self.make { ct_reshape(handle, shape.sizes, Int64(shape.count), &$0) }
    }

    package func transposed(_ a: Int, _ b: Int) throws -> Tensor {
        try Self.make { ct_transpose(handle, Int64(a), Int64(b), &$0) }
    }

    package func permuted(_ dims: [Int]) throws -> Tensor {
        try Self.make { ct_permute(handle, dims.sizes, Int64(dims.count), &$0) }
    }

    /// A view of `length` entries of `dim` from `start` on.
    package func narrowed(dim: Int, start: Int, length: Int) throws -> Tensor {
        try Self.make { ct_narrow(handle, Int64(dim), Int64(start), Int64(length), &$0) }
    }

    /// A view of entry `index` of `dim`, without that dimension.
    package func at(dim: Int, index: Int) throws -> Tensor {
        try Self.make { ct_select(handle, Int64(dim), Int64(index), &$0) }
    }

    /// The entries of `dim` that the int64 vector `index` names, in its order.
    package func selected(dim: Int, index: Tensor) throws -> Tensor {
        try Self.make { ct_index_select(handle, Int64(dim), index.handle, &$0) }
    }

    /// For each entry of `index`, the element found there along `dim`.
    package func gathered(dim: Int, index: Tensor) throws -> Tensor {
        try Self.make { ct_gather(handle, Int64(dim), index.handle, &$0) }
    }

    /// A copy with the entries of `source` written where `index` says along `dim`.
    package func scattered(dim: Int, index: Tensor, source: Tensor) throws -> Tensor {
        try Self.make { ct_scatter(handle, Int64(dim), index.handle, source.handle, &$0) }
    }

    /// A view in which dimensions of size 1 are repeated; -1 keeps a size.
    package func expanded(_ shape: [Int]) throws -> Tensor {
        try Self.make { ct_expand(handle, shape.sizes, Int64(shape.count), &$0) }
    }

    package func unsqueezed(_ dim: Int) throws -> Tensor {
        try Self.make { ct_unsqueeze(handle, Int64(dim), &$0) }
    }

    package func squeezed(_ dim: Int) throws -> Tensor {
        try Self.make { ct_squeeze(handle, Int64(dim), &$0) }
    }
}
