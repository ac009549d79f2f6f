/// `value.name`, `value[key]` and `value[start:end:step]`.
extension Renderer {
    /// Jinja2 looks for an attribute first: `message.items` is the method, whatever the keys.
    func attribute(_ name: String, of value: Value) throws -> Value {
        try checkDefined(value, "`.\(name)`")
        if let attribute = ownAttribute(name, of: value) { return attribute }
        if case .mapping(let mapping) = value, let element = mapping[name] { return element }
        return .undefined("`\(name)` of \(value.kind)")
    }

    /// An element first, and an attribute when there is none.
    func element(_ key: Value, of value: Value) throws -> Value {
        try checkDefined(value, "an element")
        switch value {
        case .mapping(let mapping) where key.isKey:
            try meter.lookUp(key)
            if let element = mapping[key] { return element }
        case .series(let series) where series.isIndexed:
            if let place = place(key, in: series.elements.count) { return series.elements[place] }
        case .text(let text):
            if let place = place(key, in: text.count) { return .text(Text([text.scalars[place]])) }
        default: break
        }
        // No attribute has a longer name, and it need not be quoted.
        guard case .text(let text) = key, text.count <= 256 else {
            return .undefined("an element of \(value.kind)")
        }
        let name = text.string
        return ownAttribute(name, of: value) ?? .undefined("`\(name)` of \(value.kind)")
    }

    /// What is an attribute in Python: methods, and what namespaces and loops hold.
    private func ownAttribute(_ name: String, of value: Value) -> Value? {
        switch value {
        case .namespace(let number): namespaces[number][name]
        case .loop(let turn): turn.attribute(name)
        case .text where Self.textMethods.contains(name): .method(name, of: value)
        case .mapping where Self.mappingMethods.contains(name): .method(name, of: value)
        default: nil
        }
    }

    private func checkDefined(_ value: Value, _ wanted: String) throws {
        guard !value.isUndefined else {
            throw ChatTemplateError("expected something that has \(wanted), got \(value.kind).")
        }
    }

    /// The place that `index` means, from the end when it is negative.
    private func place(_ index: Value, in count: Int) -> Int? {
        guard let index = index.integer else { return nil }
        let place = index < 0 ? index + count : index
        return (0..<count).contains(place) ? place : nil
    }

    // MARK: Slices

    func slice(_ value: Value, _ start: Value?, _ end: Value?, _ step: Value?) throws -> Value {
        try checkDefined(value, "a part")
        let cut = Cut(start: try bound(start), end: try bound(end), step: try bound(step))
        switch value {
        case .text(let text):
            return try meter.text(Text(cut.places(in: text.count).map { text.scalars[$0] }))
        case .series(let series) where series.isIndexed:
            let elements = try cut.places(in: series.elements.count).map { series.elements[$0] }
            return try meter.series(series.kind == .tuple ? .tuple : .list, elements)
        default:
            throw ChatTemplateError("expected a string or a list to cut, got \(value.kind).")
        }
    }

    private func bound(_ value: Value?) throws -> Int? {
        guard let value, !value.isNone else { return nil }
        guard let integer = value.integer else {
            throw ChatTemplateError("expected whole numbers to cut at, got \(value.kind).")
        }
        return integer
    }
}

/// The bounds of a slice.
private struct Cut {
    let start: Int?
    let end: Int?
    let step: Int?

    /// The places that it means, by Python's rules.
    func places(in count: Int) throws -> StrideTo<Int> {
        let step = step ?? 1
        guard step != 0 else { throw ChatTemplateError("expected a step other than 0, got 0.") }
        // Going back, what ends at -1 includes the first element.
        let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
        func place(_ bound: Int?, orElse absent: Int) -> Int {
            guard let bound else { return absent }
            return min(max(bound < 0 ? bound + count : bound, lowest), highest)
        }
        let first = place(start, orElse: step > 0 ? lowest : highest)
        let last = place(end, orElse: step > 0 ? highest : lowest)
        // No step is longer than the whole; a larger one could overflow.
        return stride(from: first, to: last, by: min(max(step, -count - 1), count + 1))
    }
}
