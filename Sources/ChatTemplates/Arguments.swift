/// The values that a function, filter, test, method or macro is called with.
struct Arguments {
    var positional: [Value] = []
    var named: [(name: String, value: Value)] = []

    /// The values for `parameters`, by their place or their name; nil for one that got none.
    ///
    /// - Throws: When an argument has no parameter, or one of the first `required` has no argument.
    func bound(
        to parameters: [String], required: Int = 0, by function: String
    ) throws -> [Value?] {
        guard positional.count <= parameters.count else {
            throw ChatTemplateError(
                "expected at most \(parameters.count) arguments for `\(function)`, got "
                    + "\(positional.count).")
        }
        var values = parameters.indices.map { $0 < positional.count ? positional[$0] : nil }
        for (name, value) in named {
            guard let place = parameters.firstIndex(of: name), values[place] == nil else {
                throw ChatTemplateError(
                    "expected arguments of `\(function)` by their names and once, got `\(name)`.")
            }
            values[place] = value
        }
        if let missing = values.prefix(required).firstIndex(where: { $0 == nil }) {
            throw ChatTemplateError(
                "expected `\(parameters[missing])` for `\(function)`, got no such argument.")
        }
        return values
    }

    /// Throws when there are any.
    func checkEmpty(for function: String) throws {
        _ = try bound(to: [], by: function)
    }
}
