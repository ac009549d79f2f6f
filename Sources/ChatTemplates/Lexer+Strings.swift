/// Strings in a tag, with the escapes of Python.
extension Lexer {
    mutating func string() throws {
        let quote = source[position]
        position += 1
        var text = Text()
        while position < source.count {
            let scalar = source[position]
            position += 1
            if scalar == quote { return emit(.string(text)) }
            if scalar == "\\" {
                text += try escape()
            } else {
                text.scalars.append(scalar)
            }
        }
        throw mistake("`\(quote)` at the end of a string", "the end of the template")
    }

    /// What stands for the escape after a backslash; an unknown one stands for itself.
    private mutating func escape() throws -> Text {
        guard position < source.count else { return "\\" }
        let scalar = source[position]
        if let digits = octalDigits() { return try self.scalar(digits, radix: 8) }
        position += 1
        if let known = Self.escapes[scalar] { return known }
        switch scalar {
        case "x": return try hexadecimal(digits: 2)
        case "u": return try hexadecimal(digits: 4)
        case "U": return try hexadecimal(digits: 8)
        case "N": throw mistake("a character by its number, as in `\\u00e9`", "one by its name")
        default: return Text(["\\", scalar])
        }
    }

    private static let escapes: [Unicode.Scalar: Text] = [
        "\n": "", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
        "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
    ]

    /// Steps over one to three octal digits.
    private mutating func octalDigits() -> String? {
        let digits = source[position...].prefix(3).prefix { ("0"..."7").contains($0) }
        position += digits.count
        return digits.isEmpty ? nil : Text(digits).string
    }

    private mutating func hexadecimal(digits count: Int) throws -> Text {
        let digits = source[position...].prefix(count).prefix(while: \.properties.isASCIIHexDigit)
        guard digits.count == count else {
            throw mistake("\(count) hexadecimal digits in an escape", "\(digits.count)")
        }
        position += count
        return try scalar(Text(digits).string, radix: 16)
    }

    private mutating func scalar(_ digits: String, radix: Int) throws -> Text {
        guard let scalar = UInt32(digits, radix: radix).flatMap(Unicode.Scalar.init) else {
            throw mistake("a character that exists in an escape", "number \(digits)")
        }
        return Text([scalar])
    }
}
