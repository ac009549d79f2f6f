import CTorch
package import Foundation

extension Tensor {
    /// All elements in row-major order, converted to float32.
    package func floats() throws -> [Float] {
        try elements(as: .float32, of: Float.self)
    }

    /// All elements in row-major order, converted to int64.
    package func ints() throws -> [Int] {
        try elements(as: .int64, of: Int.self)
    }

    /// All elements in row-major order; zero is false.
    package func bools() throws -> [Bool] {
        try elements(as: .bool, of: Bool.self)
    }

    /// The only element.
    ///
    /// - Throws: `TorchError` when there are more, or none.
    package func item() throws -> Double {
        guard count == 1 else {
            throw TorchError("item: expected a tensor of one element, got shape \(shape).")
        }
        // Converted on the CPU: not every device has float64.
        return try to(.cpu).elements(as: .float64, of: Double.self)[0]
    }

    /// The elements' own bytes in row-major order.
    package func data() throws -> Data {
        var data = Data(count: byteCount)
        guard !data.isEmpty else { return data }
        try data.withUnsafeMutableBytes { bytes in
            try check(ct_copy_bytes(handle, bytes.baseAddress!, Int64(bytes.count)))
        }
        return data
    }

    /// Whether both have the same type, the same shape and the same bits.
    package func isBitEqual(to other: Tensor) throws -> Bool {
        var result = false
        try check(ct_bit_equal(handle, other.handle, &result))
        return result
    }

    private func elements<Element>(as dtype: DType, of type: Element.Type) throws -> [Element] {
        let source = self.dtype == dtype ? self : try to(dtype)
        let count = count
        return try [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            if count > 0 {
                try check(
                    ct_copy_bytes(
                        source.handle, buffer.baseAddress!,
                        Int64(count * MemoryLayout<Element>.stride)))
            }
            filled = count
        }
    }
}
