/// `value is name(arguments)`.
extension Renderer {
    func test(_ value: Value, _ name: String, _ arguments: Arguments) throws -> Bool {
        try meter.step(reading: value.extent.size)
        if let comparison = Self.comparisons[name] {
            let other = try arguments.bound(to: ["other"], required: 1, by: name)[0] ?? .none
            return try holds(value, comparison, other)
        }
        switch name {
        case "odd", "even", "divisibleby": return try dividingTest(value, name, arguments)
        case "sameas":
            let other = try arguments.bound(to: ["other"], required: 1, by: name)[0] ?? .none
            // Values have no identity here: equal ones of a kind are the same.
            return value.kind == other.kind && value == other
        default: break
        }
        try arguments.checkEmpty(for: name)
        switch name {
        case "lower": return try printed(value).isAll(\.isLowercase)
        case "upper": return try printed(value).isAll(\.isUppercase)
        default: return try isOfKind(value, name)
        }
    }

    private static let comparisons: [String: Comparison] = [
        "==": .equal, "eq": .equal, "equalto": .equal, "!=": .unequal, "ne": .unequal,
        "<": .less, "lt": .less, "lessthan": .less, "<=": .atMost, "le": .atMost,
        ">": .greater, "gt": .greater, "greaterthan": .greater, ">=": .atLeast, "ge": .atLeast,
        "in": .isIn,
    ]

    private func dividingTest(
        _ value: Value, _ name: String, _ arguments: Arguments
    ) throws -> Bool {
        var divisor = Value.integer(2)
        if name == "divisibleby" {
            divisor = try arguments.bound(to: ["num"], required: 1, by: name)[0] ?? .none
        } else {
            try arguments.checkEmpty(for: name)
        }
        return try compute(value, .remainder, divisor) == .integer(name == "odd" ? 1 : 0)
    }

    private func isOfKind(_ value: Value, _ name: String) throws -> Bool {
        switch (name, value) {
        case ("defined", _): !value.isUndefined
        case ("undefined", _): value.isUndefined
        case ("none", _): value.isNone
        case ("boolean", .truth), ("integer", .integer), ("float", .float): true
        case ("string", .text), ("mapping", .mapping): true
        case ("true", .truth(let truth)): truth
        case ("false", .truth(let truth)): !truth
        case ("number", _): value.number != nil
        case ("sequence", .series(let series)): series.isIndexed
        case ("sequence", .text), ("sequence", .mapping), ("sequence", .undefined): true
        case ("iterable", .series), ("iterable", .loop): true
        case ("iterable", .text), ("iterable", .mapping), ("iterable", .undefined): true
        case ("callable", .function), ("callable", .method), ("callable", .macro): true
        case ("callable", .undefined): true
        default: try isKnown(name)
        }
    }

    /// False for a test that there is and that did not hold.
    private func isKnown(_ name: String) throws -> Bool {
        let known = [
            "boolean", "integer", "float", "string", "mapping", "true", "false", "sequence",
            "iterable", "callable",
        ]
        guard known.contains(name) else {
            throw ChatTemplateError(
                "expected a test that chat templates use, got `\(name)`.")
        }
        return false
    }
}
