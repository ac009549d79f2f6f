import CTorch
package import Foundation

extension Tensor {
    /// Copies `values` into a float32 tensor of `shape`.
    package convenience init(
        _ values: [Float], shape: [Int], device: Device = .cpu
    ) throws {
        try self.init(copying: values, dtype: .float32, shape: shape, device: device)
    }

    /// Copies `values` into an int64 tensor of `shape`.
    package convenience init(_ values: [Int], shape: [Int], device: Device = .cpu) throws {
        try self.init(copying: values, dtype: .int64, shape: shape, device: device)
    }

    /// Copies `values` into a bool tensor of `shape`.
    package convenience init(_ values: [Bool], shape: [Int], device: Device = .cpu) throws {
        try self.init(copying: values, dtype: .bool, shape: shape, device: device)
    }

    /// Copies raw bytes, as `data()` gives them, into a tensor of `shape`.
    package convenience init(
        data: Data, dtype: DType, shape: [Int], device: Device = .cpu
    ) throws {
        try self.init(copying: [UInt8](data), dtype: dtype, shape: shape, device: device)
    }

    private convenience init<Element>(
        copying values: [Element], dtype: DType, shape: [Int], device: Device
    ) throws {
        var result: OpaquePointer?
        try values.withUnsafeBytes { bytes in
            // An empty array has no address; any will do for nothing.
            var nothing: UInt8 = 0
            try withUnsafePointer(to: &nothing) { placeholder in
                try check(
                    ct_from_bytes(
                        bytes.baseAddress ?? UnsafeRawPointer(placeholder), Int64(bytes.count),
                        shape.sizes, Int64(shape.count), dtype.handle, device.handle, &result),
                    "Tensor")
            }
        }
        self.init(owning: result!)
    }

    /// A tensor filled with `value`.
    package static func full(
        _ shape: [Int], value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try make {
            ct_full(shape.sizes, Int64(shape.count), value, dtype.handle, device.handle, &$0)
        }
    }

    package static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try full(shape, value: 0, dtype: dtype, device: device)
    }

    package static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try full(shape, value: 1, dtype: dtype, device: device)
    }

    /// Zeros with this tensor's shape, type, device and memory layout.
    package func zerosLike() throws -> Tensor {
        try Self.make { ct_zeros_like(handle, &$0) }
    }

    /// The whole numbers of `range`, int64.
    package static func arange(_ range: Range<Int>, device: Device = .cpu) throws -> Tensor {
        try make {
            ct_arange(Int64(range.lowerBound), Int64(range.upperBound), device.handle, &$0)
        }
    }

    /// Normally distributed values; the same seed gives the same values on every device.
    package static func normal(
        _ shape: [Int], mean: Double = 0, deviation: Double, seed: UInt64,
        dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try make {
            ct_normal(
                shape.sizes, Int64(shape.count), mean, deviation, seed, dtype.handle,
                device.handle, &$0)
        }
    }

    /// Values spread evenly over `low..<high`; the same seed gives the same values on every device.
    package static func uniform(
        _ shape: [Int], low: Double, high: Double, seed: UInt64, dtype: DType = .float32,
        device: Device = .cpu
    ) throws -> Tensor {
        try make {
            ct_uniform(
                shape.sizes, Int64(shape.count), low, high, seed, dtype.handle, device.handle, &$0)
        }
    }

    /// Joins tensors along an existing dimension.
    package static func concatenated(_ tensors: [Tensor], dim: Int) throws -> Tensor {
        try make { ct_cat(tensors.map(\.handle), Int64(tensors.count), Int64(dim), &$0) }
    }

    /// Joins tensors of one shape along a new dimension.
    package static func stacked(_ tensors: [Tensor], dim: Int) throws -> Tensor {
        try make { ct_stack(tensors.map(\.handle), Int64(tensors.count), Int64(dim), &$0) }
    }
}
