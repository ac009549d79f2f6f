/// A finished figure: what is on it, and what it says to those who cannot see it.
package struct Drawing: Sendable, Equatable {
    /// Where a drawing is going to stand.
    package enum Use: Sendable, Equatable {
        /// In a file of its own: light, on white.
        case file
        /// In a page, whose colours it takes on; `id` is its alone there.
        case page(id: String)
    }

    /// What it shows.
    package let title: String
    /// Its numbers in a few sentences.
    package let summary: String
    let width: Double
    let height: Double
    let elements: [Element]

    /// The drawing as SVG; the same bytes every time.
    package func svg(for use: Use = .file) -> String {
        switch use {
        case .file:
            root(id: "figure", margin: 0, background: [background]).markup(\.light) + "\n"
        case .page(let id):
            // The page has margins of its own, with which the words line up.
            root(id: id, margin: Heading.margin, background: []).markup(\.variable)
        }
    }

    private func root(id: String, margin: Double, background: [Element]) -> Element {
        let width = width - 2 * margin
        let corners = [margin, 0, width, height].map(Markup.length).joined(separator: " ")
        return Element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": .text(corners),
                "width": .length(width), "height": .length(height),
                "font-family": .text(Typography.fonts), "role": "img",
                "aria-labelledby": "\(id)-title \(id)-summary",
            ],
            children: [
                Element("title", ["id": "\(id)-title"], text: title),
                Element("desc", ["id": "\(id)-summary"], text: summary),
            ] + background + elements)
    }

    private var background: Element {
        Element("rect", ["width": .length(width), "height": .length(height), "fill": .ink(.paper)])
    }
}
