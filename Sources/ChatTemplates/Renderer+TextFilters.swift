/// Filters that give a string, of any value as it prints.
extension Renderer {
    func textFilter(_ value: Value, _ name: String, _ arguments: Arguments) throws -> Value {
        switch name {
        case "tojson": return try toJSON(value, arguments)
        case "join": return try join(value, arguments)
        case "indent": return try indent(text(value, name), arguments)
        default: break
        }
        let text = try printed(value)
        switch name {
        case "trim":
            let bound = try arguments.bound(to: ["chars"], by: name)
            return try strip(text, .both, Arguments(positional: bound.compactMap(\.self)))
        case "replace":
            let bound = try arguments.bound(to: ["old", "new", "count"], required: 2, by: name)
            let old = try printed(bound[0] ?? .none)
            let new = try printed(bound[1] ?? .none)
            let count = bound[2].flatMap { $0.isNone ? nil : $0 }
            return try replace(old, in: text, with: new, limit: limit(count, name))
        default: break
        }
        try arguments.checkEmpty(for: name)
        switch name {
        case "upper": return try meter.text(text.uppercased())
        case "lower": return try meter.text(text.lowercased())
        case "title": return try meter.text(text.titledByWords())
        case "capitalize": return try meter.text(text.capitalized())
        // `string` and `safe`: nothing is escaped here, so nothing has to be kept from it.
        default: return try meter.text(text)
        }
    }

    private func join(_ value: Value, _ arguments: Arguments) throws -> Value {
        let bound = try arguments.bound(to: ["d", "attribute"], by: "join")
        var elements = try elements(of: value)
        if let path = bound[1], !path.isNone {
            elements = try elements.map { try self.element(at: path, of: $0) }
        }
        let separator = try printed(bound[0] ?? .text(""))
        return try joined(elements.map(printed), by: separator)
    }

    /// Every line but the first, and no empty one, further to the right.
    private func indent(_ text: Text, _ arguments: Arguments) throws -> Value {
        let bound = try arguments.bound(to: ["width", "first", "blank"], by: "indent")
        let margin = try margin(bound[0])
        let (isFirst, isBlank) = (bound[1]?.isTrue ?? false, bound[2]?.isTrue ?? false)
        let lines = (text + "\n").lines()
        try meter.make(characters: margin.count, times: lines.count)
        let indented = lines.enumerated().map { index, line in
            let moves = index == 0 ? isFirst : isBlank || line.count > 0
            return moves ? margin + line : line
        }
        return try meter.text(indented.joined(by: "\n"))
    }

    private func margin(_ width: Value?) throws -> Text {
        if case .text(let text) = width { return text }
        guard let width = (width ?? .integer(4)).integer, width <= 1000 else {
            throw ChatTemplateError("expected a width of at most 1000 to indent by, got another.")
        }
        return Text(repeatElement(" ", count: max(0, width)))
    }
}
