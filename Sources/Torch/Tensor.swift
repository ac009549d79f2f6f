import CTorch

/// An array of numbers on a device: one handle on one engine tensor, freed with this object.
///
/// Operations return new tensors and throw the engine's own sentence when shapes, types or devices
/// do not fit. A tensor is not `Sendable`: it stays with the thread that drives the engine.
package final class Tensor {
    let handle: OpaquePointer

    /// Takes ownership of `handle`.
    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        ct_release(handle)
    }

    /// Runs one engine call that hands out a tensor.
    static func make(
        _ operation: String = #function, _ body: (inout OpaquePointer?) -> CTStatus
    ) throws -> Tensor {
        var result: OpaquePointer?
        try check(body(&result), operation)
        return Tensor(owning: result!)
    }

    // MARK: What it is

    /// The size of each dimension.
    package var shape: [Int] {
        var sizes = [Int64](repeating: 0, count: Int(ct_rank(handle)))
        ct_shape(handle, &sizes)
        return sizes.map(Int.init)
    }

    /// How many dimensions it has.
    package var rank: Int { Int(ct_rank(handle)) }

    /// How many elements it holds.
    package var count: Int { shape.reduce(1, *) }

    package var dtype: DType {
        var result = CT_FLOAT32
        // Only a type this house never makes can fail here.
        precondition(ct_dtype(handle, &result) == CT_OK, String(cString: ct_last_error()))
        return DType(result)
    }

    package var device: Device {
        var result = CTDevice(kind: CT_CPU, index: 0)
        precondition(ct_device(handle, &result) == CT_OK, String(cString: ct_last_error()))
        return Device(result)
    }

    package var byteCount: Int { count * dtype.byteCount }

    /// The size of dimension `dim`; negative counts from the end.
    package func size(_ dim: Int) -> Int {
        let shape = shape
        return shape[dim < 0 ? dim + shape.count : dim]
    }
}

extension Tensor: CustomStringConvertible {
    package var description: String { "Tensor(\(shape), \(dtype), \(device))" }
}

extension [Int] {
    var sizes: [Int64] { map(Int64.init) }
}
