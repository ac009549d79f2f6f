import CTorch

extension Tensor {
    package static func + (a: Tensor, b: Tensor) throws -> Tensor {
        try make { ct_add(a.handle, b.handle, &$0) }
    }

    package static func - (a: Tensor, b: Tensor) throws -> Tensor {
        try make { ct_sub(a.handle, b.handle, &$0) }
    }

    package static func * (a: Tensor, b: Tensor) throws -> Tensor {
        try make { ct_mul(a.handle, b.handle, &$0) }
    }

    package static func / (a: Tensor, b: Tensor) throws -> Tensor {
        try make { ct_div(a.handle, b.handle, &$0) }
    }

    package static func + (a: Tensor, b: Double) throws -> Tensor {
        try make { ct_add_scalar(a.handle, b, &$0) }
    }

    package static func - (a: Tensor, b: Double) throws -> Tensor {
        try make { ct_add_scalar(a.handle, -b, &$0) }
    }

    package static func * (a: Tensor, b: Double) throws -> Tensor {
        try make { ct_mul_scalar(a.handle, b, &$0) }
    }

    package static func * (a: Double, b: Tensor) throws -> Tensor {
        try make { ct_mul_scalar(b.handle, a, &$0) }
    }

    package static func / (a: Tensor, b: Double) throws -> Tensor {
        try make { ct_mul_scalar(a.handle, 1 / b, &$0) }
    }

    package func pow(_ exponent: Double) throws -> Tensor {
        try Self.make { ct_pow_scalar(handle, exponent, &$0) }
    }

    package func negated() throws -> Tensor { try unary(CT_NEG) }
    package func abs() throws -> Tensor { try unary(CT_ABS) }
    package func exp() throws -> Tensor { try unary(CT_EXP) }
    package func log() throws -> Tensor { try unary(CT_LOG) }
    package func sqrt() throws -> Tensor { try unary(CT_SQRT) }
    package func sin() throws -> Tensor { try unary(CT_SIN) }
    package func cos() throws -> Tensor { try unary(CT_COS) }

    func unary(_ operation: CTUnary, _ name: String = #function) throws -> Tensor {
        try Self.make(name) { ct_unary(operation, handle, &$0) }
    }

    // MARK: Reductions

    /// The sum of all elements.
    package func sum() throws -> Tensor {
        try Self.make { ct_sum_all(handle, &$0) }
    }

    package func sum(dim: Int, keepDim: Bool = false) throws -> Tensor {
        try Self.make { ct_sum(handle, Int64(dim), keepDim, &$0) }
    }

    /// The mean of all elements.
    package func mean() throws -> Tensor {
        try Self.make { ct_mean_all(handle, &$0) }
    }

    package func mean(dim: Int, keepDim: Bool = false) throws -> Tensor {
        try Self.make { ct_mean(handle, Int64(dim), keepDim, &$0) }
    }

    /// The largest element along `dim` and where it stands, without that dimension.
    package func max(dim: Int) throws -> (values: Tensor, indices: Tensor) {
        try Self.makePair { ct_max(handle, Int64(dim), &$0, &$1) }
    }

    /// Where the largest element along `dim` stands, int64, without that dimension.
    package func argmax(dim: Int) throws -> Tensor {
        try Self.make { ct_argmax(handle, Int64(dim), &$0) }
    }

    /// The `k` largest elements along `dim`, largest first; of equal ones the lower index first.
    package func topK(_ k: Int, dim: Int) throws -> (values: Tensor, indices: Tensor) {
        try Self.makePair { ct_topk(handle, Int64(k), Int64(dim), &$0, &$1) }
    }

    private static func makePair(
        _ operation: String = #function,
        _ body: (inout OpaquePointer?, inout OpaquePointer?) -> CTStatus
    ) throws -> (values: Tensor, indices: Tensor) {
        var first: OpaquePointer?
        var second: OpaquePointer?
        try check(body(&first, &second), operation)
        return (Tensor(owning: first!), Tensor(owning: second!))
    }
}
