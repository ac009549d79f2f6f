/// What a page says: words, tables and figures in sections, and how it all came about.
package struct Report: Sendable, Equatable {
    /// A stretch of the page with a heading.
    package struct Section: Sendable, Equatable {
        /// The heading.
        package var title: String
        /// What follows it.
        package var parts: [Part]
        /// Whether it belongs to the last section before it that is not inner itself.
        package var isInner: Bool

        /// A section of `parts`.
        package init(_ title: String, _ parts: [Part], isInner: Bool = false) {
            self.title = title
            self.parts = parts
            self.isInner = isInner
        }
    }

    /// A piece of a section.
    package enum Part: Sendable, Equatable {
        /// Paragraphs, parted by empty lines.
        case text(String)
        /// A table.
        case table(ReportTable)
        /// Figures side by side, where there is room.
        case figures([Drawing])
    }

    /// A line of the manifest.
    package struct Fact: Sendable, Equatable {
        /// What is stated.
        package var name: String
        /// Its value.
        package var value: String
        /// Whether it is meant to be copied letter by letter: a command, a digest.
        package var isLiteral: Bool

        /// The fact that `name` is `value`.
        package init(_ name: String, _ value: String, isLiteral: Bool = false) {
            self.name = name
            self.value = value
            self.isLiteral = isLiteral
        }
    }

    /// The page's heading.
    package var title: String
    /// What it is about, in a sentence or two.
    package var lead: String
    /// The sections, in order.
    package var sections: [Section]
    /// How the numbers were made.
    package var manifest: [Fact]

    /// A report.
    package init(
        _ title: String, lead: String = "", sections: [Section] = [], manifest: [Fact] = []
    ) {
        self.title = title
        self.lead = lead
        self.sections = sections
        self.manifest = manifest
    }
}
