/// `value|name(arguments)`.
extension Renderer {
    func filter(_ value: Value, _ name: String, _ arguments: Arguments) throws -> Value {
        try meter.step(reading: value.extent.size)
        switch name {
        case "upper", "lower", "title", "capitalize", "trim", "string", "safe", "replace",
            "indent", "join", "tojson":
            return try textFilter(value, name, arguments)
        case "length", "count", "list", "items", "first", "last", "reverse":
            return try seriesFilter(value, name, arguments)
        case "map": return try map(value, arguments)
        case "select", "selectattr", "reject", "rejectattr":
            return try select(value, name, arguments)
        case "default", "d": return try withDefault(value, arguments)
        case "int", "float", "abs": return try numberFilter(value, name, arguments)
        default:
            throw ChatTemplateError(
                "expected a filter that chat templates use, got `\(name)`.")
        }
    }

    private func withDefault(_ value: Value, _ arguments: Arguments) throws -> Value {
        let bound = try arguments.bound(to: ["default_value", "boolean"], by: "default")
        let isMissing = value.isUndefined || (bound[1]?.isTrue == true && !value.isTrue)
        return isMissing ? bound[0] ?? .text("") : value
    }

    // MARK: Numbers

    private func numberFilter(
        _ value: Value, _ name: String, _ arguments: Arguments
    ) throws -> Value {
        if name == "abs" {
            try arguments.checkEmpty(for: name)
            guard let number = value.number else {
                throw ChatTemplateError("expected a number for `abs`, got \(value.kind).")
            }
            return try value.signed(isNegative: number < 0)
        }
        let fallback = try arguments.bound(to: ["default"], by: name)[0]
        if value.isUndefined {
            throw ChatTemplateError("expected a number or a string, got \(value.kind).")
        }
        let number = value.number ?? Numbers.parse(value)
        if name == "float" { return number.map(Value.float) ?? fallback ?? .float(0) }
        if let integer = try value.integer ?? Numbers.parseWhole(value) { return .integer(integer) }
        guard let number, number.isFinite || value.number != nil else {
            return fallback ?? .integer(0)
        }
        return .integer(try Numbers.whole(number))
    }
}
