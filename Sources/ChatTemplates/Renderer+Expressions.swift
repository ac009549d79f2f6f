extension Renderer {
    func evaluate(_ expression: Expression) throws -> Value {
        try meter.step()
        return try meter.nested { try value(of: expression) }
    }

    private func value(of expression: Expression) throws -> Value {
        switch expression {
        case .constant(let value): return value
        case .name(let name): return lookUp(name)
        case .list(let elements): return try meter.series(.list, elements.map(evaluate))
        case .tuple(let elements): return try meter.series(.tuple, elements.map(evaluate))
        case .mapping(let pairs):
            return try meter.mapping(pairs.map { (try evaluate($0.key), try evaluate($0.value)) })
        case .conditional(let value, let condition, let otherwise):
            if try isTrue(condition) { return try evaluate(value) }
            return try otherwise.map(evaluate) ?? .undefined("the value of an `if` without `else`")
        case .any(let operands): return try firstValue(of: operands) { $0.isTrue }
        case .all(let operands): return try firstValue(of: operands) { !$0.isTrue }
        case .not(let operand): return .truth(try !isTrue(operand))
        case .signed(let isNegative, let operand):
            return try evaluate(operand).signed(isNegative: isNegative)
        case .comparison(let first, let operands): return try compare(first, operands)
        case .arithmetic(let first, let operands):
            return try operands.reduce(evaluate(first)) { left, step in
                try compute(left, step.0, evaluate(step.1))
            }
        case .joined(let operands):
            let texts = try operands.map { try printed(evaluate($0)) }
            return try meter.text(texts.joined(by: ""))
        case .postfix(let value, let steps):
            return try steps.reduce(evaluate(value)) { try apply($1, to: $0) }
        }
    }

    /// The variable or the function of that name.
    func lookUp(_ name: String) -> Value {
        if let value = scope[name] { return value }
        return Self.functionNames.contains(name) ? .function(name) : .undefined("`\(name)`")
    }

    /// The first value that settles an `or` or an `and`, else the last one.
    private func firstValue(
        of operands: [Expression], _ settles: (Value) -> Bool
    ) throws -> Value {
        var value = Value.none
        for operand in operands {
            value = try evaluate(operand)
            if settles(value) { break }
        }
        return value
    }

    // MARK: Comparing

    /// `a < b < c` is `a < b and b < c`.
    private func compare(
        _ first: Expression, _ operands: [(Comparison, Expression)]
    ) throws -> Value {
        var left = try evaluate(first)
        for (comparison, operand) in operands {
            let right = try evaluate(operand)
            guard try holds(left, comparison, right) else { return .truth(false) }
            left = right
        }
        return .truth(true)
    }

    func holds(_ left: Value, _ comparison: Comparison, _ right: Value) throws -> Bool {
        try meter.step(reading: min(left.extent.size, right.extent.size))
        switch comparison {
        case .equal: return left == right
        case .unequal: return left != right
        case .less: return try left.precedes(right)
        case .greater: return try right.precedes(left)
        // Not the opposite of the other order: neither holds for a number that is none.
        case .atMost: return try left.precedes(right) || left == right
        case .atLeast: return try right.precedes(left) || left == right
        case .isIn: return try contains(right, left)
        case .isNotIn: return try !contains(right, left)
        }
    }

    private func contains(_ whole: Value, _ part: Value) throws -> Bool {
        switch (whole, part) {
        case (.text(let whole), .text(let part)):
            try meter.search(part.count, in: whole.count)
            return whole.first(part) != nil
        case (.mapping(let mapping), _):
            try meter.lookUp(part)
            return mapping[part] != nil
        case (.series, _), (.undefined, _):
            try meter.step(reading: whole.extent.size)
            return try elements(of: whole).contains(part)
        default:
            throw ChatTemplateError(
                "expected something that can hold \(part.kind), got \(whole.kind).")
        }
    }

    // MARK: Postfixes

    func apply(_ step: Postfix, to value: Value) throws -> Value {
        switch step {
        case .attribute(let name): return try attribute(name, of: value)
        case .element(let key): return try element(evaluate(key), of: value)
        case .slice(let start, let end, let step):
            return try slice(value, start.map(evaluate), end.map(evaluate), step.map(evaluate))
        case .call(let passed): return try call(value, arguments(passed))
        case .filter(let name, let passed): return try filter(value, name, arguments(passed))
        case .test(let name, let passed, let isNegated):
            return .truth(try test(value, name, arguments(passed)) != isNegated)
        }
    }

    private func arguments(_ passed: Postfix.Passed) throws -> Arguments {
        Arguments(
            positional: try passed.positional.map(evaluate),
            named: try passed.named.map { ($0.name, try evaluate($0.value)) })
    }
}
