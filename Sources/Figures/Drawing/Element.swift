/// An element of an SVG document.
struct Element: Sendable, Equatable {
    /// What an attribute is set to.
    enum Value: Sendable, Equatable {
        case text(String)
        case length(Double)
        case ink(Ink)
    }

    /// A name and what it is set to.
    struct Attribute: Sendable, Equatable {
        let name: String
        let value: Value
    }

    let name: String
    var attributes: [Attribute]
    var text: String?
    var children: [Element]

    init(
        _ name: String, _ attributes: KeyValuePairs<String, Value> = [:], text: String? = nil,
        children: [Element] = []
    ) {
        self.name = name
        self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value) }
        self.text = text
        self.children = children
    }

    /// The element as it stands in a file, its colours named by `colour`.
    func markup(_ colour: (Ink) -> String) -> String {
        let settings = attributes.map { attribute in
            let value =
                switch attribute.value {
                case .text(let text): Markup.escaped(text)
                case .length(let length): Markup.length(length)
                case .ink(let ink): colour(ink)
                }
            return " \(attribute.name)=\"\(value)\""
        }
        let opening = "<\(name)\(settings.joined())"
        let words = text.map(Markup.escaped) ?? ""
        let inside = words + children.map { $0.markup(colour) }.joined(separator: "\n")
        return inside.isEmpty ? "\(opening)/>" : "\(opening)>\(inside)</\(name)>"
    }
}

extension Element.Value: ExpressibleByStringInterpolation, ExpressibleByFloatLiteral {
    init(stringLiteral value: String) { self = .text(value) }
    init(floatLiteral value: Double) { self = .length(value) }
}
