/// Inside `{{ }}` and `{% %}`: names, numbers, strings and signs.
extension Lexer {
    /// The words up to `end`, and that.
    mutating func words(until end: Token.Kind) throws {
        while true {
            skipSpace()
            if closings.isEmpty, takeEnd(end == .tagEnd ? "%}" : "}}", trims: end == .tagEnd) {
                return emit(end)
            }
            guard position < source.count else {
                throw mistake(
                    end == .tagEnd ? "`%}` at the end of a tag" : "`}}` at the end of a tag",
                    "the end of the template")
            }
            try word()
        }
    }

    private mutating func word() throws {
        let scalar = source[position]
        if ("0"..."9").contains(scalar) { return try number() }
        if scalar == "_" || scalar.properties.isXIDStart { return try name() }
        if scalar == "'" || scalar == "\"" { return try string() }
        guard let symbol = Self.symbols.first(where: { take($0) }) else {
            throw mistake("a name, a value or a sign", "`\(scalar)`")
        }
        try balance(symbol)
        emit(.symbol(symbol))
    }

    /// The longer ones first.
    private static let symbols = [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
        "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ]

    private mutating func balance(_ symbol: String) throws {
        switch symbol {
        case "(": closings.append(")")
        case "[": closings.append("]")
        case "{": closings.append("}")
        case ")", "]", "}":
            let expected = closings.popLast()
            guard let expected, symbol == String(expected) else {
                throw mistake(expected.map { "`\($0)`" } ?? "no closing bracket", "`\(symbol)`")
            }
        default: break
        }
    }

    private mutating func name() throws {
        let start = position
        while position < source.count, source[position].properties.isXIDContinue { position += 1 }
        guard position - start <= 256 else {
            throw mistake("a name of at most 256 characters", "a longer one")
        }
        emit(.name(Text(source[start..<position]).string))
    }

    // MARK: Numbers

    private mutating func number() throws {
        let start = position
        let isAfterDot = start > 0 && source[start - 1] == "."
        if !isAfterDot, let end = floatEnd(from: start) {
            position = end
            // Digits, a dot and an exponent are always a number, if perhaps an infinite one.
            return emit(.float(Double(digits(from: start)) ?? .infinity))
        }
        let radix: Int? =
            switch at(start + 1) {
            case "x", "X": 16
            case "o", "O": 8
            case "b", "B": 2
            default: nil
            }
        if source[start] == "0", let radix, let end = digitsEnd(from: start + 2, radix: radix) {
            position = end
            return try integer(digits(from: start + 2), radix: radix)
        }
        // A zero stands alone, unless more of them follow.
        position = digitsEnd(from: start, radix: source[start] == "0" ? 1 : 10) ?? start + 1
        try integer(digits(from: start), radix: 10)
    }

    private mutating func integer(_ digits: String, radix: Int) throws {
        guard let value = Int(digits, radix: radix) else {
            throw mistake("a whole number of at most 64 bits", "a larger one")
        }
        emit(.integer(value))
    }

    private func digits(from start: Int) -> String {
        Text(source[start..<position].filter { $0 != "_" }).string
    }

    private func at(_ place: Int) -> Unicode.Scalar? {
        place < source.count ? source[place] : nil
    }

    /// The end of digits with a `_` between any two of them.
    private func digitsEnd(from start: Int, radix: Int = 10) -> Int? {
        func isDigit(_ place: Int) -> Bool {
            guard let scalar = at(place), scalar.isASCII,
                let digit = Character(scalar).hexDigitValue
            else { return false }
            return digit < radix
        }
        guard isDigit(start) else { return nil }
        var end = start + 1
        while isDigit(end) || (at(end) == "_" && isDigit(end + 1)) { end += 1 }
        return end
    }

    private func floatEnd(from start: Int) -> Int? {
        guard let whole = digitsEnd(from: start) else { return nil }
        let fraction = at(whole) == "." ? digitsEnd(from: whole + 1) : nil
        return exponentEnd(from: fraction ?? whole) ?? fraction
    }

    private func exponentEnd(from start: Int) -> Int? {
        guard at(start) == "e" || at(start) == "E" else { return nil }
        let isSigned = at(start + 1) == "+" || at(start + 1) == "-"
        return digitsEnd(from: start + (isSigned ? 2 : 1))
    }
}
