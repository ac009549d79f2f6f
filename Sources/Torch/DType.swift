import CTorch

/// The type of a tensor's elements.
package enum DType: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
    case float32, float16, bfloat16, float64, int64, int32, uint8, bool

    /// Reads the names people use: `f32`, `float32`, `bf16`, `I64`, …
    ///
    /// - Throws: `TorchError` for a name that stands for none of them.
    package init(_ text: String) throws {
        let wanted = text.lowercased()
        let match = Self.allCases.first { $0.rawValue == wanted || $0.shortName == wanted }
        guard let match else {
            throw TorchError(
                "expected an element type, one of \(Self.allCases.map(\.shortName).joined(separator: ", "))"
                    + ", got '\(text)'; use one of them.")
        }
        self = match
    }

    /// The short name, which is safetensors' in lower case: `f32`, `bf16`, `i64`.
    package var shortName: String {
        switch self {
        case .float32: "f32"
        case .float16: "f16"
        case .bfloat16: "bf16"
        case .float64: "f64"
        case .int64: "i64"
        case .int32: "i32"
        case .uint8: "u8"
        case .bool: "bool"
        }
    }

    package var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16: 2
        case .uint8, .bool: 1
        }
    }

    package var isFloating: Bool {
        switch self {
        case .float32, .float16, .bfloat16, .float64: true
        case .int64, .int32, .uint8, .bool: false
        }
    }

    package var description: String { shortName }

    private static let handles: [(DType, CTDType)] = [
        (.float32, CT_FLOAT32), (.float16, CT_FLOAT16), (.bfloat16, CT_BFLOAT16),
        (.float64, CT_FLOAT64), (.int64, CT_INT64), (.int32, CT_INT32), (.uint8, CT_UINT8),
        (.bool, CT_BOOL),
    ]

    var handle: CTDType { Self.handles.first { $0.0 == self }!.1 }

    init(_ handle: CTDType) {
        self = Self.handles.first { $0.1 == handle }!.0
    }
}
