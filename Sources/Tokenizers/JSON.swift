/// A JSON value whose strings are bytes.
///
/// Foundation's parser would put a vocabulary into a `[String: Any]`, where Swift takes "é"
/// (one scalar) and "é" (two) for the same key; a vocabulary has both, with two ids.
indirect enum JSON {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt8])
    case array([JSON])
    case object([(key: [UInt8], value: JSON)])

    /// The member `name` of an object; the last one where a name is repeated.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.elementsEqual(name.utf8) }?.value
    }

    /// The bytes of a string.
    var bytes: [UInt8]? { if case .string(let bytes) = self { bytes } else { nil } }

    /// The text of a string.
    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The whole number, when this is one.
    var integer: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }

    /// The truth value, when this is one.
    var truth: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements of an array.
    var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

    /// The members of an object.
    var members: [(key: [UInt8], value: JSON)]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// True for `null`.
    var isNull: Bool { if case .null = self { true } else { false } }

    /// What a reader of an error message calls this value.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
