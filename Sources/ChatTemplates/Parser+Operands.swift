/// Values, and what stands after them: attributes, elements, calls, filters and tests.
extension Parser {
    /// A value with its attributes, elements and calls.
    mutating func operand() throws -> Expression {
        let value = try primary()
        var steps: [Postfix] = []
        while true {
            if accept(".") {
                steps.append(try attribute())
            } else if accept("[") {
                steps.append(try element())
            } else if token.kind == .symbol("(") {
                steps.append(.call(try passed()))
            } else {
                return steps.isEmpty ? value : .postfix(value, steps)
            }
        }
    }

    private mutating func primary() throws -> Expression {
        switch token.kind {
        case .name(let name):
            advance()
            return Self.constants[name].map(Expression.constant) ?? .name(name)
        case .string: return .constant(.text(string()))
        case .integer(let value):
            advance()
            return .constant(.integer(value))
        case .float(let value):
            advance()
            return .constant(.float(value))
        case .symbol("("): return try parenthesized()
        case .symbol("["): return .list(try list(until: "]") { try $0.expression() })
        case .symbol("{"):
            let entries = try list(until: "}") { parser in
                let key = try parser.expression()
                try parser.expect(":")
                return (key: key, value: try parser.expression())
            }
            return .mapping(entries)
        default: throw mistake("a value")
        }
    }

    private static let constants: [String: Value] = [
        "true": .truth(true), "false": .truth(false), "none": .none,
        "True": .truth(true), "False": .truth(false), "None": .none,
    ]

    /// Strings one after the other are one.
    private mutating func string() -> Text {
        var text = Text()
        while case .string(let part) = token.kind {
            text += part
            advance()
        }
        return text
    }

    private mutating func parenthesized() throws -> Expression {
        try expect("(")
        if accept(")") { return .tuple([]) }
        let value = try tuple()
        try expect(")")
        return value
    }

    /// From an opening bracket to `end`, with commas between; one may stand at the end.
    private mutating func list<Element>(
        until end: String, _ element: (inout Parser) throws -> Element
    ) throws -> [Element] {
        advance()
        var elements: [Element] = []
        while !accept(end) {
            if !elements.isEmpty {
                guard accept(",") else { throw mistake("`,` or `\(end)`") }
                if accept(end) { break }
            }
            elements.append(try element(&self))
        }
        return elements
    }

    private mutating func attribute() throws -> Postfix {
        if case .integer(let index) = token.kind {
            advance()
            return .element(.constant(.integer(index)))
        }
        return .attribute(try name())
    }

    private mutating func element() throws -> Postfix {
        if accept(":") { return try slice(from: nil) }
        let value = try expression()
        if accept(":") { return try slice(from: value) }
        try expect("]")
        return .element(value)
    }

    private mutating func slice(from start: Expression?) throws -> Postfix {
        let end = try bound()
        let step = accept(":") ? try bound() : nil
        try expect("]")
        return .slice(start, end, step)
    }

    /// The end or the step of a slice.
    private mutating func bound() throws -> Expression? {
        let isAbsent = [.symbol(":"), .symbol("]")].contains(token.kind)
        return isAbsent ? nil : try expression()
    }

    private mutating func passed() throws -> Postfix.Passed {
        var passed = Postfix.Passed()
        _ = try list(until: ")") { parser in
            if case .name(let name) = parser.token.kind, parser.next.kind == .symbol("=") {
                parser.advance()
                parser.advance()
                passed.named.append((name, try parser.expression()))
            } else if passed.named.isEmpty {
                passed.positional.append(try parser.expression())
            } else {
                throw parser.mistake("an argument with its name, as the one before it")
            }
        }
        return passed
    }

    // MARK: Filters and tests

    mutating func filtersAndTests() throws -> [Postfix] {
        var steps: [Postfix] = []
        while true {
            if accept("|") {
                steps.append(try filterStep())
            } else if accept(word: "is") {
                steps.append(try test())
            } else if token.kind == .symbol("("), !steps.isEmpty {
                steps.append(.call(try passed()))
            } else {
                return steps
            }
        }
    }

    mutating func filters() throws -> [Postfix] {
        var filters: [Postfix] = []
        while accept("|") { filters.append(try filterStep()) }
        return filters
    }

    mutating func filterStep() throws -> Postfix {
        .filter(try name(), token.kind == .symbol("(") ? try passed() : .init())
    }

    private mutating func test() throws -> Postfix {
        let isNegated = accept(word: "not")
        let name = try name()
        let passed = try testArguments()
        return .test(name, passed, isNegated: isNegated)
    }

    /// In parentheses, or one value without them: `is divisibleby 3`.
    private mutating func testArguments() throws -> Postfix.Passed {
        switch token.kind {
        case .symbol("("): return try passed()
        case .name("else"), .name("or"), .name("and"): return .init()
        case .name("is"): throw mistake("`and` between two tests")
        case .name, .string, .integer, .float, .symbol("["), .symbol("{"):
            return .init(positional: [try nested { try $0.operand() }])
        default: return .init()
        }
    }
}
