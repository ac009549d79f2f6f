/// `str` and `repr` of Python.
extension Value {
    /// As `{{ value }}` prints it.
    func printed() throws -> Text {
        switch self {
        case .undefined: Text()
        case .text(let text): text
        default: try represented()
        }
    }

    /// As it prints inside a list.
    func represented() throws -> Text {
        switch self {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .truth(let truth): return truth ? "True" : "False"
        case .integer(let integer): return Text(String(integer))
        case .float(let float): return Numbers.text(float)
        case .text(let text): return text.quoted()
        case .mapping(let mapping):
            let entries = try mapping.entries.map { key, value in
                try key.represented() + ": " + value.represented()
            }
            return "{" + entries.joined(by: ", ") + "}"
        case .series(let series): return try series.represented()
        case .namespace, .macro, .function, .method, .loop:
            throw ChatTemplateError("expected something that prints, got \(kind).")
        }
    }
}

extension Series {
    fileprivate func represented() throws -> Text {
        if case .range(let text) = kind { return text }
        let list = try elements.map { try $0.represented() }.joined(by: ", ")
        switch kind {
        case .tuple: return "(" + list + (elements.count == 1 ? ",)" : ")")
        case .view(let name): return name + "([" + list + "])"
        case .iterator:
            throw ChatTemplateError(
                "expected something that prints, got \(kind.name); add the filter `list`.")
        case .list, .range: return "[" + list + "]"
        }
    }
}

extension Text {
    /// In quotes, with escapes for what does not print.
    fileprivate func quoted() -> Text {
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var result = Text([quote])
        for scalar in scalars {
            switch scalar {
            case quote, "\\": result += Text(["\\", scalar])
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result += scalar.isPrintable ? Text([scalar]) : scalar.escaped
            }
        }
        return result + Text([quote])
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        case .spaceSeparator: self == " "
        default: true
        }
    }

    fileprivate var escaped: Text {
        switch value {
        case 0..<0x100: Text("\\x" + value.hexadecimal(digits: 2))
        case 0..<0x10000: Text("\\u" + value.hexadecimal(digits: 4))
        default: Text("\\U" + value.hexadecimal(digits: 8))
        }
    }
}

extension UInt32 {
    /// In so many hexadecimal digits.
    func hexadecimal(digits: Int) -> String {
        let padded = String(repeating: "0", count: digits) + String(self, radix: 16)
        return String(padded.suffix(digits))
    }
}
