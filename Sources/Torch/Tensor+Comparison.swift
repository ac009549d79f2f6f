import CTorch

extension Tensor {
    /// Element by element, a bool tensor.
    package func isEqual(to other: Tensor) throws -> Tensor {
        try compared(CT_EQUAL, other)
    }

    package func isLess(than other: Tensor) throws -> Tensor {
        try compared(CT_LESS, other)
    }

    package func isAtLeast(_ other: Tensor) throws -> Tensor {
        try compared(CT_GREATER_EQUAL, other)
    }

    package func logicalNot() throws -> Tensor { try unary(CT_LOGICAL_NOT) }

    /// Takes each element from `a` where `condition` is true, else from `b`; nothing is multiplied,
    /// so what is kept is kept bit for bit.
    package static func choose(
        where condition: Tensor, _ a: Tensor, else b: Tensor
    ) throws -> Tensor {
        try make { ct_where(condition.handle, a.handle, b.handle, &$0) }
    }

    package func maskedFill(where mask: Tensor, value: Double) throws -> Tensor {
        try Self.make { ct_masked_fill(handle, mask.handle, value, &$0) }
    }

    private func compared(_ comparison: CTComparison, _ other: Tensor) throws -> Tensor {
        try Self.make { ct_compare(comparison, handle, other.handle, &$0) }
    }
}
