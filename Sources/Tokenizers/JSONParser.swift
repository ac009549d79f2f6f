/// Reads one JSON text into a ``JSON`` value.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    private let name: String

    /// Deeper nesting than any tokenizer has; a bound keeps a hostile file off the stack's end.
    private static let deepest = 100

    /// The value that `bytes` hold.
    ///
    /// - Parameter name: what to call the text in messages, a file's path.
    /// - Throws: `TokenizerError` naming line and column of the first mistake.
    static func parse(_ bytes: [UInt8], name: String) throws -> JSON {
        try bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(bytes: buffer, name: name)
            let value = try parser.value()
            parser.skipSpace()
            guard parser.position == buffer.count else {
                throw parser.mistake("nothing more after the value")
            }
            return value
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, name: String) {
        self.bytes = bytes
        self.name = name
        // A byte order mark is allowed and means nothing.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private mutating func value() throws -> JSON {
        skipSpace()
        guard let byte = peek() else { throw mistake("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ body: (inout JSONParser) throws -> JSON) throws -> JSON {
        depth += 1
        guard depth <= Self.deepest else { throw mistake("less nesting") }
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func object() throws -> JSON {
        position += 1
        var members: [(key: [UInt8], value: JSON)] = []
        if accept("}") { return .object(members) }
        repeat {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw mistake("a name in quotes") }
            let key = try string()
            guard accept(":") else { throw mistake("':'") }
            members.append((key, try value()))
        } while accept(",")
        guard accept("}") else { throw mistake("',' or '}'") }
        return .object(members)
    }

    private mutating func array() throws -> JSON {
        position += 1
        var elements: [JSON] = []
        if accept("]") { return .array(elements) }
        repeat { elements.append(try value()) } while accept(",")
        guard accept("]") else { throw mistake("',' or ']'") }
        return .array(elements)
    }

    private mutating func string() throws -> [UInt8] {
        position += 1
        var result: [UInt8] = []
        var run = position
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                result.append(contentsOf: bytes[run..<position])
                position += 1
                return result
            case UInt8(ascii: "\\"):
                result.append(contentsOf: bytes[run..<position])
                position += 1
                try escape(into: &result)
                run = position
            case 0..<0x20:
                throw mistake("'\\' before a control character")
            default:
                position += 1
            }
        }
        throw mistake("'\"' at the end of a string")
    }

    private mutating func escape(into result: inout [UInt8]) throws {
        guard let byte = peek() else { throw mistake("a character after '\\'") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "u"): result.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw mistake("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
    }

    /// The scalar behind `\uXXXX`, or behind two of them that make a surrogate pair.
    private mutating func escapedScalar() throws -> Unicode.Scalar {
        var value = try hexadecimal()
        if (0xD800..<0xDC00).contains(value), peek() == UInt8(ascii: "\\"),
            position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw mistake("a low surrogate") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw mistake("a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw mistake("four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws -> JSON {
        let start = position
        while let byte = peek(), isPartOfNumber(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text) else {
            position = start
            throw mistake("a value")
        }
        return .number(value)
    }

    private func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw mistake("a value") }
        position += word.utf8.count
        return value
    }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func mistake(_ expected: String) -> TokenizerError {
        let before = bytes[..<position]
        let line = before.count { $0 == 0x0A } + 1
        let column = position - (before.lastIndex(of: 0x0A) ?? -1)
        return TokenizerError(
            "\(name) is not valid JSON: expected \(expected) at line \(line), column \(column); "
                + "copy the file again from where it came.")
    }
}
