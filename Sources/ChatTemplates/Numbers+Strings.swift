/// Numbers as strings, and strings as numbers.
extension Numbers {
    /// The whole part of `number`.
    static func whole(_ number: Double) throws -> Int {
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw ChatTemplateError("expected a number that fits in 64 bits, got \(number).")
        }
        return whole
    }

    /// The whole number that a string spells.
    static func parseWhole(_ value: Value) throws -> Int? {
        guard let digits = digits(value) else { return nil }
        let isSigned = digits.first == "+" || digits.first == "-"
        let unsigned = digits.dropFirst(isSigned ? 1 : 0)
        guard !unsigned.isEmpty, unsigned.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard let integer = Int(digits) else {
            throw ChatTemplateError("expected a number that fits in 64 bits, got \(digits).")
        }
        return integer
    }

    /// The fewest digits that tell the number, as Python writes them.
    static func text(_ float: Double) -> Text {
        // Swift does the same, but for some whole numbers that it writes with an exponent.
        let isLongWhole = (1e15..<1e16).contains(abs(float))
        return Text(isLongWhole && float == float.rounded() ? "\(Int(float)).0" : "\(float)")
    }

    /// The number that a string spells.
    static func parse(_ value: Value) -> Double? {
        // Swift would take hexadecimal digits too, and a number for what is none.
        digits(value).flatMap { $0.contains(where: "xXpP(".contains) ? nil : Double($0) }
    }

    /// A string without the white space around it and the `_` between digits, which are 0 to 9 in
    /// whatever script they were.
    private static func digits(_ value: Value) -> String? {
        guard case .text(let text) = value else { return nil }
        let scalars = text.stripped().scalars.map(\.asDigit)
        func isDigit(_ place: Int) -> Bool {
            scalars.indices.contains(place) && ("0"..."9").contains(scalars[place])
        }
        for place in scalars.indices where scalars[place] == "_" {
            guard isDigit(place - 1), isDigit(place + 1) else { return nil }
        }
        let digits = Text(scalars.filter { $0 != "_" }).string
        return digits.isEmpty ? nil : digits
    }
}

extension Unicode.Scalar {
    /// 0 to 9 for the digit of any script.
    fileprivate var asDigit: Unicode.Scalar {
        guard properties.numericType == .decimal, let value = properties.numericValue else {
            return self
        }
        return Unicode.Scalar(UInt8(0x30 + value))
    }
}
