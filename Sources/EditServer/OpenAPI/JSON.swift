/// JSON written down in Swift.
indirect enum JSON: Encodable, Sendable {
    case null
    case truth(Bool)
    case integer(Int)
    case text(String)
    case list([JSON])
    case object([(String, JSON)])

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .truth(let value): try value.encode(to: encoder)
        case .integer(let value): try value.encode(to: encoder)
        case .text(let value): try value.encode(to: encoder)
        case .list(let values): try values.encode(to: encoder)
        case .object(let values):
            var container = encoder.container(keyedBy: Name.self)
            for (key, value) in values {
                try container.encode(value, forKey: Name(stringValue: key))
            }
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .truth(value) }
    init(arrayLiteral elements: JSON...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
}

extension JSON {
    /// An object of `properties`, of which those in `required` are always there.
    static func schema(
        _ properties: [(String, JSON)], required: [String], isClosed: Bool = false
    ) -> JSON {
        var values: [(String, JSON)] = [
            ("type", "object"), ("properties", .object(properties)),
            ("required", .list(required.map(JSON.text))),
        ]
        if isClosed { values.append(("additionalProperties", false)) }
        return .object(values)
    }

    static func reference(_ name: String) -> JSON {
        ["$ref": .text("#/components/schemas/\(name)")]
    }

    static func list(of items: JSON) -> JSON { ["type": "array", "items": items] }

    /// A value of this type that may be null as well.
    static func optional(_ type: String, _ more: (String, JSON)...) -> JSON {
        .object([("type", [.text(type), "null"])] + more)
    }

    static let string: JSON = ["type": "string"]
    static let integer: JSON = ["type": "integer"]
    static let number: JSON = ["type": "number"]
    static let boolean: JSON = ["type": "boolean"]
}
