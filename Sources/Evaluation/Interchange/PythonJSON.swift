/// JSON as Python's `json.dumps(…, ensure_ascii=False)` writes it: keys in the order given, and a share
/// of one as `1.0`.
///
/// The harness takes digests of such text, and its tables tell counts from shares by the point.
enum PythonJSON: Sendable {
    /// A key and its value.
    typealias Member = (String, PythonJSON)

    case null
    case bool(Bool)
    /// A number's own text, so that neither seeds nor shares lose a digit.
    case number(String)
    case text(String)
    case list([PythonJSON])
    case object([Member])

    static func integer(_ value: some BinaryInteger) -> Self { .number("\(value)") }
    /// A number that is not whole by nature; Swift writes it as Python does.
    static func real(_ value: Double) -> Self { .number("\(value)") }
    static func texts(_ values: [String]) -> Self { .list(values.map { .text($0) }) }

    /// `value`, or null where there is none.
    init<Value>(_ value: Value?, _ json: (Value) -> PythonJSON) {
        self = value.map(json) ?? .null
    }

    /// The text in one line, or as `indent=2` lays it out.
    func text(indented: Bool = false) -> String {
        var text = ""
        write(to: &text, line: indented ? "\n" : nil)
        return text
    }

    /// - Parameter line: what begins a line at this depth; nil for everything in one.
    private func write(to text: inout String, line: String?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .text(let value): Self.write(value, to: &text)
        case .list(let values):
            Self.write(values, in: ("[", "]"), to: &text, line: line) { value, text, line in
                value.write(to: &text, line: line)
            }
        case .object(let members):
            Self.write(members, in: ("{", "}"), to: &text, line: line) { member, text, line in
                Self.write(member.0, to: &text)
                text += ": "
                member.1.write(to: &text, line: line)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], in braces: (String, String), to text: inout String, line: String?,
        _ element: (Element, inout String, String?) -> Void
    ) {
        text += braces.0
        let inner = line.map { $0 + "  " }
        for (place, value) in elements.enumerated() {
            if place > 0 { text += inner == nil ? ", " : "," }
            text += inner ?? ""
            element(value, &text, inner)
        }
        if let line, !elements.isEmpty { text += line }
        text += braces.1
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension PythonJSON: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(arrayLiteral elements: PythonJSON...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, PythonJSON)...) {
        self = .object(elements)
    }
    init(nilLiteral: ()) { self = .null }
}

extension PythonJSON: Decodable {
    /// Any JSON; its keys in alphabetical order.
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? value.decode(UInt64.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Double.self) {
            self = .real(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([PythonJSON].self) {
            self = .list(list)
        } else {
            let members = try value.decode([String: PythonJSON].self)
            self = .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }
}
