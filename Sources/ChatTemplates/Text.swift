/// A text as Python has it: a row of Unicode scalars.
///
/// Swift's `String` counts characters, and takes "é" of one scalar and "é" of two for equal;
/// templates measure, cut and compare scalars.
struct Text: Hashable, Sendable, ExpressibleByStringLiteral {
    var scalars: [Unicode.Scalar]

    init(_ string: String = "") { scalars = Array(string.unicodeScalars) }

    init(_ scalars: some Swift.Sequence<Unicode.Scalar>) { self.scalars = Array(scalars) }

    init(stringLiteral value: String) { self.init(value) }

    var count: Int { scalars.count }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    static func + (left: Text, right: Text) -> Text { Text(left.scalars + right.scalars) }

    static func += (left: inout Text, right: Text) { left.scalars += right.scalars }

    /// In the order of scalars.
    static func < (left: Text, right: Text) -> Bool {
        left.scalars.lexicographicallyPrecedes(right.scalars)
    }
}

extension Unicode.Scalar {
    /// White space as `str.isspace` and `\s` of Python have it: Unicode's and four separators.
    var isSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
