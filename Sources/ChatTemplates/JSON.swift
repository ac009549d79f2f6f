/// The filter `tojson`: `json.dumps` of Python.
extension Renderer {
    func toJSON(_ value: Value, _ arguments: Arguments) throws -> Value {
        let names = ["ensure_ascii", "indent", "separators", "sort_keys"]
        let bound = try arguments.bound(to: names, by: "tojson")
        let margin = try jsonMargin(bound[1])
        var writer = JSONWriter(
            isASCII: bound[0]?.isTrue ?? false, margin: margin,
            separators: (margin == nil ? ", " : ",", ": "),
            sortsKeys: bound[3]?.isTrue ?? false)
        if let separators = bound[2], !separators.isNone {
            let texts = try elements(of: separators).map { try text($0, "tojson") }
            guard texts.count == 2 else {
                throw ChatTemplateError("expected two separators, got \(texts.count).")
            }
            writer.separators = (texts[0], texts[1])
        }
        // Separators and margins come once for each value, at most as deep as values are.
        let (item, key) = writer.separators
        let widest = item.count + key.count + Meter.deepestValue * (margin?.count ?? 0)
        try meter.make(characters: widest, times: value.extent.size)
        return try meter.text(writer.write(value))
    }

    private func jsonMargin(_ indent: Value?) throws -> Text? {
        guard let indent, !indent.isNone else { return nil }
        if case .text(let text) = indent { return text }
        guard let width = indent.integer, width <= 64 else {
            throw ChatTemplateError("expected `indent` to be at most 64, got another value.")
        }
        return Text(repeatElement(" ", count: max(0, width)))
    }
}

private struct JSONWriter {
    let isASCII: Bool
    /// What stands before a line, for each level; nil for everything on one line.
    let margin: Text?
    var separators: (item: Text, key: Text)
    let sortsKeys: Bool

    func write(_ value: Value, level: Int = 0) throws -> Text {
        switch value {
        case .none: return "null"
        case .truth(let truth): return truth ? "true" : "false"
        case .integer(let integer): return Text(String(integer))
        case .float(let float): return number(float)
        case .text(let text): return string(text)
        case .series(let series) where series.kind == .list || series.kind == .tuple:
            let items = try series.elements.map { try write($0, level: level + 1) }
            return list("[", items, "]", level)
        case .mapping(let mapping):
            let entries = sortsKeys ? try sorted(mapping.entries) : mapping.entries
            let items = try entries.map { key, value in
                try string(name(key)) + separators.key + write(value, level: level + 1)
            }
            return list("{", items, "}", level)
        default: throw ChatTemplateError("expected what JSON can hold, got \(value.kind).")
        }
    }

    private func list(_ begin: Text, _ items: [Text], _ end: Text, _ level: Int) -> Text {
        guard let margin, !items.isEmpty else {
            return begin + items.joined(by: separators.item) + end
        }
        func line(_ level: Int) -> Text {
            "\n" + Text(repeatElement(margin.scalars, count: level).joined())
        }
        let inner = line(level + 1)
        return begin + inner + items.joined(by: separators.item + inner) + line(level) + end
    }

    private func number(_ float: Double) -> Text {
        if float.isNaN { return "NaN" }
        if float.isInfinite { return float < 0 ? "-Infinity" : "Infinity" }
        return Numbers.text(float)
    }

    private func sorted(
        _ entries: [(key: Value, value: Value)]
    ) throws -> [(key: Value, value: Value)] {
        try entries.sorted { try $0.key.precedes($1.key) }
    }

    /// A key as text: JSON has no others.
    private func name(_ key: Value) throws -> Text {
        switch key {
        case .text(let text): text
        case .none, .truth, .integer, .float: try write(key)
        default: throw ChatTemplateError("expected keys that JSON can hold, got \(key.kind).")
        }
    }

    private func string(_ text: Text) -> Text {
        var result: Text = "\""
        for scalar in text.scalars { result += escaped(scalar) }
        return result + "\""
    }

    private func escaped(_ scalar: Unicode.Scalar) -> Text {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\u{08}": "\\b"
        case "\u{0C}": "\\f"
        case "\u{00}"..<" ": number(of: scalar)
        case "\u{7F}"... where isASCII: number(of: scalar)
        default: Text([scalar])
        }
    }

    /// `\uXXXX`, or two of them beyond the first 65,536 characters.
    private func number(of scalar: Unicode.Scalar) -> Text {
        Text(String(scalar).utf16.map { "\\u" + UInt32($0).hexadecimal(digits: 4) }.joined())
    }
}
