import Foundation

extension Report {
    /// The whole page in one file that needs no other, and no network; the same bytes every time.
    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
        style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>\(Markup.escaped(title))</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        \(contents)
        <main>
        <header>
        <h1>\(Markup.escaped(title))</h1>
        \(lead.isEmpty ? "" : "<p class=\"lead\">\(Markup.escaped(lead))</p>")
        </header>
        \(body)
        \(origin)
        </main>
        <script>
        \(PageScript.sortableTables)
        </script>
        </body>
        </html>

        """
    }

    private static let originTitle = "How this was made"

    private var contents: String {
        let origin = manifest.isEmpty ? [] : [Section(Self.originTitle, [])]
        let links = (sections + origin).enumerated().map { place, section in
            let link = "<a href=\"#section-\(place + 1)\">\(Markup.escaped(section.title))</a>"
            return "<li\(section.isInner ? " class=\"inner\"" : "")>\(link)</li>"
        }
        return """
            <nav aria-label="Contents">
            <p>Contents</p>
            <ol>
            \(links.joined(separator: "\n"))
            </ol>
            </nav>
            """
    }

    private var body: String {
        var figures = 0
        return sections.enumerated().map { place, section in
            let parts = section.parts.map { part in
                switch part {
                case .text(let text): Self.paragraphs(text)
                case .table(let table): table.html
                case .figures(let drawings): Self.figures(drawings, counted: &figures)
                }
            }
            return Self.section(
                place + 1, section.title, parts.joined(separator: "\n"),
                heading: section.isInner ? "h3" : "h2")
        }.joined(separator: "\n")
    }

    private var origin: String {
        guard !manifest.isEmpty else { return "" }
        let lines = manifest.map { fact in
            let value = Markup.escaped(fact.value)
            return "<dt>\(Markup.escaped(fact.name))</dt>"
                + "<dd>\(fact.isLiteral ? "<code>\(value)</code>" : value)</dd>"
        }
        let list = "<dl>\n\(lines.joined(separator: "\n"))\n</dl>"
        return Self.section(sections.count + 1, Self.originTitle, list)
    }

    private static func section(
        _ number: Int, _ title: String, _ inside: String, heading: String = "h2"
    ) -> String {
        """
        <section id="section-\(number)">
        <\(heading)>\(Markup.escaped(title))</\(heading)>
        \(inside)
        </section>
        """
    }

    private static func paragraphs(_ text: String) -> String {
        text.components(separatedBy: "\n\n")
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
            .map { "<p>\(Markup.escaped($0))</p>" }.joined(separator: "\n")
    }

    private static func figures(_ drawings: [Drawing], counted: inout Int) -> String {
        let figures = drawings.map { drawing in
            counted += 1
            return "<figure>\n\(drawing.svg(for: .page(id: "figure-\(counted)")))\n</figure>"
        }
        return "<div class=\"figures\">\n\(figures.joined(separator: "\n"))\n</div>"
    }
}
