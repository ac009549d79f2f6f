import CTorch

/// Where a tensor lives and is computed: `cpu`, `cuda:0`, `mps`.
package struct Device: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case cpu, cuda, mps
    }

    package let kind: Kind
    package let index: Int

    package static let cpu = Device(kind: .cpu, index: 0)

    init(kind: Kind, index: Int) {
        self.kind = kind
        self.index = index
    }

    /// Reads `cpu`, `cuda`, `cuda:1` or `mps`.
    ///
    /// - Throws: `TorchError` for any other text.
    package init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let index = parts.count == 2 ? Int(parts[1]) : 0
        guard let kind = Kind(rawValue: String(parts[0])), let index, index >= 0, parts.count <= 2,
            kind == .cuda || index == 0
        else {
            throw TorchError(
                "expected a device such as cpu, cuda:0 or mps, got '\(text)'; use --device cpu.")
        }
        self.init(kind: kind, index: index)
    }

    /// Throws a sentence that names the devices there are, unless this one is among them.
    package func requireAvailable() throws {
        var count: Int64 = 0
        try check(ct_device_count(handle.kind, &count))
        guard index < count else {
            throw TorchError(
                "device \(self) is not available: this engine sees \(count) of kind "
                    + "'\(kind.rawValue)'; use --device cpu, or install a torch wheel for it.")
        }
    }

    package var description: String { kind == .cuda ? "cuda:\(index)" : kind.rawValue }

    var handle: CTDevice {
        let kinds: [Kind: CTDeviceKind] = [.cpu: CT_CPU, .cuda: CT_CUDA, .mps: CT_MPS]
        return CTDevice(kind: kinds[kind]!, index: Int64(index))
    }

    init(_ handle: CTDevice) {
        let kind: Kind = handle.kind == CT_CPU ? .cpu : handle.kind == CT_CUDA ? .cuda : .mps
        self.init(kind: kind, index: Int(handle.index))
    }
}

extension Device: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
