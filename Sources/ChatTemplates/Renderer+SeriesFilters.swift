/// Filters over lists and what goes for them.
extension Renderer {
    func seriesFilter(_ value: Value, _ name: String, _ arguments: Arguments) throws -> Value {
        try arguments.checkEmpty(for: name)
        switch name {
        case "length", "count": return .integer(try length(of: value))
        case "list": return try meter.series(.list, elements(of: value))
        case "first": return try elements(of: value).first ?? .undefined("the first of nothing")
        case "last":
            if case .series(let series) = value, series.isIterator {
                throw ChatTemplateError(
                    "expected a list to take the last of, got \(value.kind); add the filter `list`."
                )
            }
            return try elements(of: value).last ?? .undefined("the last of nothing")
        case "items":
            return try iterator {
                if value.isUndefined { return [] }
                guard case .mapping(let mapping) = value else {
                    throw ChatTemplateError("expected a mapping for `items`, got \(value.kind).")
                }
                return try items(of: mapping)
            }
        default:
            if case .text(let text) = value { return try meter.text(text.reversed()) }
            return try meter.series(.iterator, elements(of: value).reversed())
        }
    }

    func length(of value: Value) throws -> Int {
        switch value {
        case .undefined: return 0
        case .text(let text): return text.count
        case .mapping(let mapping): return mapping.entries.count
        case .series(let series) where !series.isIterator: return series.elements.count
        case .loop(let turn): return turn.series.elements.count
        default:
            throw ChatTemplateError("expected something with a length, got \(value.kind).")
        }
    }

    /// An iterator over `elements`, which fails only when it is gone through.
    private func iterator(_ elements: () throws -> [Value]) throws -> Value {
        do {
            return try meter.series(.iterator, elements())
        } catch let error as ChatTemplateError {
            return .series(Series(.iterator(failure: error), []))
        }
    }

    /// `map('filter', arguments)` or `map(attribute='path', default=value)`.
    func map(_ value: Value, _ arguments: Arguments) throws -> Value {
        try iterator {
            guard value.isTrue else { return [] }
            let elements = try elements(of: value)
            if arguments.positional.isEmpty {
                let bound = try arguments.bound(
                    to: ["attribute", "default"], required: 1, by: "map")
                return try elements.map {
                    try element(at: bound[0] ?? .none, of: $0, default: bound[1])
                }
            }
            var rest = arguments
            let name = try text(takeFirst(&rest, for: "map"), "map").string
            return try elements.map { try filter($0, name, rest) }
        }
    }

    /// `select('test', arguments)`, `selectattr('path', 'test', arguments)` and their opposites.
    func select(_ value: Value, _ name: String, _ arguments: Arguments) throws -> Value {
        try iterator {
            guard value.isTrue else { return [] }
            var rest = arguments
            let path = name.hasSuffix("attr") ? try takeFirst(&rest, for: name) : nil
            let test =
                rest.positional.isEmpty ? nil : try text(takeFirst(&rest, for: name), name).string
            return try elements(of: value).filter { element in
                let subject = try path.map { try self.element(at: $0, of: element) } ?? element
                let holds = try test.map { try self.test(subject, $0, rest) } ?? subject.isTrue
                return holds == name.hasPrefix("select")
            }
        }
    }

    private func takeFirst(_ arguments: inout Arguments, for name: String) throws -> Value {
        guard !arguments.positional.isEmpty else {
            throw ChatTemplateError("expected an argument for `\(name)`, got none.")
        }
        return arguments.positional.removeFirst()
    }

    /// The element at a path such as `function.name` or `0`.
    func element(
        at path: Value, of value: Value, default fallback: Value? = nil
    ) throws -> Value {
        guard case .text(let text) = path else { return try element(path, of: value) }
        try meter.work(on: text.count)
        return try text.split(by: ".").reduce(value) { value, part in
            let isIndex = part.scalars.allSatisfy { ("0"..."9").contains($0) }
            let index = isIndex ? Int(part.string) : nil
            let element = try element(index.map(Value.integer) ?? .text(part), of: value)
            return element.isUndefined ? fallback ?? element : element
        }
    }
}
