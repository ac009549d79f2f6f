import CTorch

extension Tensor {
    /// Makes this leaf collect a gradient, and returns it.
    @discardableResult
    package func requireGradient(_ required: Bool = true) throws -> Tensor {
        try check(ct_set_requires_grad(handle, required))
        return self
    }

    package var requiresGradient: Bool {
        var result = false
        precondition(ct_requires_grad(handle, &result) == CT_OK, String(cString: ct_last_error()))
        return result
    }

    /// Sends gradients from this scalar to every leaf it was computed from.
    package func backward() throws {
        try check(ct_backward(handle))
    }

    /// What has flowed back into this leaf; nil when nothing has.
    package var gradient: Tensor? {
        get throws {
            var result: OpaquePointer?
            try check(ct_grad(handle, &result))
            return result.map(Tensor.init(owning:))
        }
    }

    package func clearGradient() throws {
        try check(ct_clear_grad(handle))
    }

    /// The same storage, cut off from the operations that made it.
    package func detached() throws -> Tensor {
        try Self.make { ct_detach(handle, &$0) }
    }
}

/// In place: for optimisers and for filling buffers. A leaf that requires a gradient is changed
/// inside `withoutGradients` only.
extension Tensor {
    /// self += scale · other
    package func add(_ other: Tensor, scale: Double = 1) throws {
        try check(ct_add_in_place(handle, other.handle, scale))
    }

    package func multiply(by factor: Double) throws {
        try check(ct_mul_in_place(handle, factor))
    }

    /// self += scale · a · b
    package func addProduct(_ a: Tensor, _ b: Tensor, scale: Double = 1) throws {
        try check(ct_addcmul_in_place(handle, a.handle, b.handle, scale))
    }

    /// self += scale · a / b
    package func addQuotient(_ a: Tensor, _ b: Tensor, scale: Double = 1) throws {
        try check(ct_addcdiv_in_place(handle, a.handle, b.handle, scale))
    }

    package func copy(from other: Tensor) throws {
        try check(ct_copy_in_place(handle, other.handle))
    }
}
