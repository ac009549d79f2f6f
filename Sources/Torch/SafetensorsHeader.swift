import Foundation

/// What a safetensors file says about one tensor.
struct SafetensorsEntry: Equatable {
    let dtype: DType
    let shape: [Int]
    /// Where the bytes lie, counted from the end of the header.
    let bytes: Range<Int>
}

/// The JSON at the head of a safetensors file: 8 bytes of length, then names, types, shapes, offsets.
struct SafetensorsHeader {
    let entries: [String: SafetensorsEntry]
    let metadata: [String: String]
    /// Where the tensors' bytes begin in the file.
    let start: Int

    /// The format's own limit on the header, which keeps a damaged length from being believed.
    private static let longest = 100_000_000

    init(_ file: UnsafeRawBufferPointer, path: String) throws {
        func damaged(_ what: String) -> TorchError {
            TorchError("\(path) is not a whole safetensors file: \(what); download it again.")
        }
        guard file.count >= 8 else { throw damaged("it has \(file.count) bytes") }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.longest, Int(length) + 8 <= file.count else {
            throw damaged("its header claims \(length) bytes of \(file.count - 8)")
        }
        start = 8 + Int(length)
        let json = Data(bytes: file.baseAddress! + 8, count: Int(length))
        guard let object = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw damaged("its header is not a JSON object")
        }
        metadata = object["__metadata__"] as? [String: String] ?? [:]
        var entries: [String: SafetensorsEntry] = [:]
        for (name, value) in object where name != "__metadata__" {
            let fields = value as? [String: Any] ?? [:]
            try Self.requireKnownType(fields, of: name, path: path)
            guard let entry = SafetensorsEntry(fields) else {
                throw damaged("the entry of '\(name)' makes no sense")
            }
            guard entry.bytes.upperBound <= file.count - start else {
                throw damaged(
                    "'\(name)' ends at byte \(entry.bytes.upperBound) of the "
                        + "\(file.count - start) after the header")
            }
            entries[name] = entry
        }
        self.entries = entries
    }

    /// Quantised files are whole, but hold types that the engine does not have.
    private static func requireKnownType(
        _ fields: [String: Any], of name: String, path: String
    ) throws {
        guard let type = fields["dtype"] as? String, (try? DType(type)) == nil else { return }
        throw TorchError(
            "\(path) holds '\(name)' in the element type \(type), which is not supported; take the "
                + "plain checkpoint, in f32, bf16 or f16.")
    }
}

extension SafetensorsEntry {
    fileprivate init?(_ fields: [String: Any]) {
        guard let type = fields["dtype"] as? String, let dtype = try? DType(type),
            let shape = fields["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }),
            let offsets = fields["data_offsets"] as? [Int], offsets.count == 2,
            0 <= offsets[0], offsets[0] <= offsets[1],
            byteCount(of: shape, dtype) == offsets[1] - offsets[0]
        else { return nil }
        self.init(dtype: dtype, shape: shape, bytes: offsets[0]..<offsets[1])
    }
}

/// How many bytes these elements take; nil for more than a number can say.
private func byteCount(of shape: [Int], _ dtype: DType) -> Int? {
    shape.reduce(Optional(dtype.byteCount)) { total, size in
        total.flatMap { count in
            let (product, isTooLarge) = count.multipliedReportingOverflow(by: size)
            return isTooLarge ? nil : product
        }
    }
}
