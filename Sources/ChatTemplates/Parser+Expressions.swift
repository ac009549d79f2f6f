/// Expressions, from what binds loosest to what binds tightest.
extension Parser {
    /// One expression, or several with commas between them.
    mutating func tuple(isConditional: Bool = true) throws -> Expression {
        let first = try expression(isConditional: isConditional)
        guard token.kind == .symbol(",") else { return first }
        var elements = [first]
        while accept(","), !isAtTupleEnd {
            elements.append(try expression(isConditional: isConditional))
        }
        return .tuple(elements)
    }

    private var isAtTupleEnd: Bool {
        [.printEnd, .tagEnd, .symbol(")")].contains(token.kind)
    }

    mutating func expression(isConditional: Bool = true) throws -> Expression {
        try nested { try isConditional ? $0.conditional() : $0.either() }
    }

    private mutating func conditional() throws -> Expression {
        let value = try either()
        guard accept(word: "if") else { return value }
        let condition = try either()
        let otherwise = accept(word: "else") ? try expression() : nil
        return .conditional(value, if: condition, else: otherwise)
    }

    private mutating func either() throws -> Expression {
        var operands = [try both()]
        while accept(word: "or") { operands.append(try both()) }
        return operands.count == 1 ? operands[0] : .any(operands)
    }

    private mutating func both() throws -> Expression {
        var operands = [try negation()]
        while accept(word: "and") { operands.append(try negation()) }
        return operands.count == 1 ? operands[0] : .all(operands)
    }

    private mutating func negation() throws -> Expression {
        guard accept(word: "not") else { return try comparison() }
        return .not(try nested { try $0.negation() })
    }

    private mutating func comparison() throws -> Expression {
        let first = try sum()
        var operands: [(Comparison, Expression)] = []
        while let comparison = acceptComparison() { operands.append((comparison, try sum())) }
        return operands.isEmpty ? first : .comparison(first, operands)
    }

    private mutating func acceptComparison() -> Comparison? {
        if accept(word: "in") { return .isIn }
        if token.kind == .name("not"), next.kind == .name("in") {
            advance()
            advance()
            return .isNotIn
        }
        return accept(oneOf: ["==", "!=", "<", "<=", ">", ">="]).flatMap(Comparison.init)
    }

    // MARK: Arithmetic

    private mutating func sum() throws -> Expression {
        try chain(["+", "-"]) { try $0.joined() }
    }

    private mutating func joined() throws -> Expression {
        var operands = [try product()]
        while accept("~") { operands.append(try product()) }
        return operands.count == 1 ? operands[0] : .joined(operands)
    }

    private mutating func product() throws -> Expression {
        try chain(["*", "/", "//", "%"]) { try $0.power() }
    }

    /// From left to right, unlike Python's; and a sign binds tighter.
    private mutating func power() throws -> Expression {
        try chain(["**"]) { try $0.signed() }
    }

    private mutating func chain(
        _ symbols: [String], _ operand: (inout Parser) throws -> Expression
    ) throws -> Expression {
        let first = try operand(&self)
        var operands: [(Operation, Expression)] = []
        while let operation = accept(oneOf: symbols).flatMap(Operation.init) {
            operands.append((operation, try operand(&self)))
        }
        return operands.isEmpty ? first : .arithmetic(first, operands)
    }

    /// Filters and tests apply to the value with its sign: `-1|abs` is 1.
    private mutating func signed() throws -> Expression {
        let value = try unfiltered()
        let steps = try filtersAndTests()
        return steps.isEmpty ? value : .postfix(value, steps)
    }

    private mutating func unfiltered() throws -> Expression {
        guard let sign = accept(oneOf: ["-", "+"]) else { return try operand() }
        return .signed(isNegative: sign == "-", try nested { try $0.unfiltered() })
    }
}
