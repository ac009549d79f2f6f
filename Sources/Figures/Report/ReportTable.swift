/// A table of a page; its first column names the rows.
package struct ReportTable: Sendable, Equatable {
    /// How a column is set.
    package enum Alignment: Sendable {
        /// To the left.
        case words
        /// To the right, digits below digits.
        case numbers
    }

    /// What one column holds.
    package struct Column: Sendable, Equatable {
        /// Its heading, unit included.
        package var name: String
        /// How it is set.
        package var alignment: Alignment

        /// A column.
        package init(_ name: String, _ alignment: Alignment = .numbers) {
            self.name = name
            self.alignment = alignment
        }
    }

    /// What it shows.
    package var caption: String
    /// Its columns.
    package var columns: [Column]
    /// The cells, one for each column.
    package var rows: [[String]]

    /// A table of `rows`.
    package init(_ caption: String, columns: [Column], rows: [[String]] = []) {
        self.caption = caption
        self.columns = columns
        self.rows = rows
    }

    /// The table in a page.
    var html: String {
        let caption = Markup.escaped(caption)
        guard !rows.isEmpty else {
            return "<p class=\"empty\">\(caption): there is nothing to show yet.</p>"
        }
        let head = columns.map { "<th scope=\"col\"\($0.style)>\(Markup.escaped($0.name))</th>" }
        return """
            <div class="scroll" role="region" aria-label="\(caption)" tabindex="0">
            <table>
            <caption>\(caption)</caption>
            <thead><tr>\(head.joined())</tr></thead>
            <tbody>
            \(rows.map(html).joined(separator: "\n"))
            </tbody>
            </table>
            </div>
            """
    }

    private func html(_ row: [String]) -> String {
        let cells = zip(row, columns).enumerated().map { place, cell in
            let text = Markup.escaped(cell.0)
            return place == 0
                ? "<th scope=\"row\">\(text)</th>" : "<td\(cell.1.style)>\(text)</td>"
        }
        return "<tr>\(cells.joined())</tr>"
    }
}

extension ReportTable.Column {
    fileprivate var style: String { alignment == .numbers ? " class=\"number\"" : "" }
}
