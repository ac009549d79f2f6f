/// The methods of strings and mappings.
extension Renderer {
    static let textMethods: Set = [
        "strip", "lstrip", "rstrip", "startswith", "endswith", "upper", "lower", "title",
        "capitalize", "split", "rsplit", "splitlines", "replace", "find", "join",
    ]

    static let mappingMethods: Set = ["get", "items", "keys", "values"]

    func callMethod(
        _ name: String, of mapping: Mapping, _ arguments: Arguments
    ) throws -> Value {
        if name == "get" {
            let bound = try arguments.bound(to: ["key", "default"], required: 1, by: name)
            let key = bound[0] ?? .none
            try meter.lookUp(key)
            return mapping[key] ?? bound[1] ?? .none
        }
        try arguments.checkEmpty(for: name)
        let elements =
            switch name {
            case "keys": mapping.entries.map(\.key)
            case "values": mapping.entries.map(\.value)
            default: try items(of: mapping)
            }
        return try meter.series(.view(Text("dict_" + name)), elements)
    }

    /// Pairs of a key and its value.
    func items(of mapping: Mapping) throws -> [Value] {
        try mapping.entries.map { try meter.series(.tuple, [$0.key, $0.value]) }
    }

    func callMethod(_ name: String, of text: Text, _ arguments: Arguments) throws -> Value {
        try meter.step(reading: text.count)
        switch name {
        case "strip": return try strip(text, .both, arguments)
        case "lstrip": return try strip(text, .start, arguments)
        case "rstrip": return try strip(text, .end, arguments)
        case "startswith": return .truth(try affixes(arguments, name).contains(where: text.starts))
        case "endswith": return .truth(try affixes(arguments, name).contains(where: text.ends))
        case "split": return try split(text, fromEnd: false, arguments)
        case "rsplit": return try split(text, fromEnd: true, arguments)
        case "replace": return try replace(text, arguments)
        case "find":
            let part = try self.text(arguments.bound(to: ["sub"], required: 1, by: name)[0], name)
            try meter.search(part.count, in: text.count)
            return .integer(text.first(part) ?? -1)
        case "join":
            let parts = try arguments.bound(to: ["iterable"], required: 1, by: name)[0]
            let texts = try elements(of: parts ?? .none).map { try self.text($0, name) }
            return try joined(texts, by: text)
        default:
            try arguments.checkEmpty(for: name)
            return try transformed(text, name)
        }
    }

    /// `upper`, `lower` and the like, which take no arguments.
    private func transformed(_ text: Text, _ name: String) throws -> Value {
        switch name {
        case "upper": return try meter.text(text.uppercased())
        case "lower": return try meter.text(text.lowercased())
        case "title": return try meter.text(text.titled())
        case "capitalize": return try meter.text(text.capitalized())
        default: return try meter.series(.list, text.lines().map(meter.text))
        }
    }

    func strip(_ text: Text, _ ends: Text.Ends, _ arguments: Arguments) throws -> Value {
        let characters = try arguments.bound(to: ["chars"], by: "strip")[0]
        return try meter.text(text.stripped(of: optionalText(characters, "strip"), from: ends))
    }

    /// What a text should start or end with: one text, or any of a tuple.
    private func affixes(_ arguments: Arguments, _ name: String) throws -> [Text] {
        let affix = try arguments.bound(to: ["prefix"], required: 1, by: name)[0] ?? .none
        guard case .series(let series) = affix, series.kind == .tuple else {
            return [try text(affix, name)]
        }
        return try series.elements.map { try text($0, name) }
    }

    private func split(_ text: Text, fromEnd: Bool, _ arguments: Arguments) throws -> Value {
        let bound = try arguments.bound(to: ["sep", "maxsplit"], by: "split")
        let separator = try optionalText(bound[0], "split")
        let limit = try limit(bound[1], "split")
        guard separator?.count != 0 else {
            throw ChatTemplateError("expected something to split at, got an empty string.")
        }
        try meter.search(separator?.count ?? 1, in: text.count)
        let text = fromEnd ? text.reversed() : text
        var parts = text.words(limit: limit)
        if let separator {
            parts = text.split(by: fromEnd ? separator.reversed() : separator, limit: limit)
        }
        if fromEnd { parts = parts.reversed().map { $0.reversed() } }
        return try meter.series(.list, parts.map(meter.text))
    }

    private func replace(_ text: Text, _ arguments: Arguments) throws -> Value {
        let bound = try arguments.bound(to: ["old", "new", "count"], required: 2, by: "replace")
        let old = try self.text(bound[0], "replace")
        let new = try self.text(bound[1], "replace")
        return try replace(old, in: text, with: new, limit: limit(bound[2], "replace"))
    }

    func replace(_ old: Text, in text: Text, with new: Text, limit: Int) throws -> Value {
        try meter.search(max(1, old.count), in: text.count)
        let places = text.places(of: old, limit: limit)
        try meter.make(characters: new.count, times: places.count)
        return try meter.text(text.replacing(old, at: places, with: new))
    }

    func joined(_ texts: [Text], by separator: Text) throws -> Value {
        try meter.make(characters: separator.count, times: texts.count)
        try meter.make(characters: texts.reduce(0) { $0 + $1.count })
        return try meter.text(texts.joined(by: separator))
    }

    // MARK: Arguments

    func text(_ value: Value?, _ function: String) throws -> Text {
        guard let value, case .text(let text) = value else {
            throw ChatTemplateError(
                "expected a string for `\(function)`, got \((value ?? .none).kind).")
        }
        try meter.work(on: text.count)
        return text
    }

    private func optionalText(_ value: Value?, _ function: String) throws -> Text? {
        guard let value, !value.isNone else { return nil }
        return try text(value, function)
    }

    /// How often at most; any number of times when it is negative or absent.
    func limit(_ value: Value?, _ function: String) throws -> Int {
        guard let value else { return .max }
        guard let limit = value.integer else {
            throw ChatTemplateError(
                "expected a whole number for `\(function)`, got \(value.kind).")
        }
        return limit < 0 ? .max : limit
    }
}
