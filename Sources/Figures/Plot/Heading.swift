/// The words above a figure.
struct Heading: Sendable, Equatable {
    /// The width of every figure: two of them fill a page, one a column.
    static let width = 600.0
    /// What stays free at both sides.
    static let margin = 12.0

    /// What a figure without numbers says.
    static let nothing = "There is nothing to show yet."

    private let title: [String]
    private let subtitle: [String]

    init(_ title: String, subtitle: String) {
        let width = Self.width - 2 * Self.margin
        self.title = Typography.lines(
            of: title, within: width, size: Typography.title, isBold: true)
        self.subtitle = Typography.lines(of: subtitle, within: width, size: Typography.label)
    }

    /// How far down it reaches.
    var height: Double { 10 + Double(title.count) * 20 + Double(subtitle.count) * 17 + 8 }

    var elements: [Element] {
        let titles = title.enumerated().map { line, text in
            Element.words(
                text, at: Place(Self.margin, 26 + Double(line) * 20), size: Typography.title,
                isBold: true)
        }
        let below = 10 + Double(title.count) * 20
        return titles
            + subtitle.enumerated().map { line, text in
                Element.words(
                    text, at: Place(Self.margin, below + 15 + Double(line) * 17), ink: .muted)
            }
    }

    /// A figure that says why there is nothing on it.
    func empty(_ title: String, because reason: String) -> Drawing {
        let (top, height) = (self.height, 120.0)
        let box = Element(
            "rect",
            [
                "x": .length(Self.margin + 0.5), "y": .length(top + 0.5),
                "width": .length(Self.width - 2 * Self.margin - 1), "height": .length(height),
                "rx": 4.0, "fill": "none", "stroke": .ink(.grid),
            ])
        let words = Element.words(
            reason, at: Place(Self.width / 2, top + height / 2 + 5), ink: .muted, anchor: "middle")
        return Drawing(
            title: title, summary: reason, width: Self.width, height: top + height + 12,
            elements: elements + [box, words])
    }
}
