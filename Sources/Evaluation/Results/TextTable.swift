/// A table of texts: first column to the left, the others to the right.
package struct TextTable: Sendable, Equatable {
    /// What it shows.
    package var title: String
    /// The heading of each column, units included.
    package var columns: [String]
    /// The cells, one for each column.
    package var rows: [[String]] = []

    /// An empty table.
    package init(_ title: String, columns: [String]) {
        self.title = title
        self.columns = columns
    }

    /// For a terminal: columns aligned by spaces, a rule under the headings.
    package var plain: String {
        let widths = self.widths
        func line(_ cells: [String]) -> String {
            zip(cells, widths).enumerated()
                .map { column, cell in pad(cell.0, to: cell.1, left: column == 0) }
                .joined(separator: "  ").trimmedAtEnd
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([title, line(columns), rule] + rows.map(line)).joined(separator: "\n") + "\n"
    }

    /// For a Markdown file: aligned there, and readable as it stands.
    package var markdown: String {
        let widths = self.widths.map { max($0, 3) }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated()
                .map { column, cell in
                    pad(cell.0.replacing("|", with: "\\|"), to: cell.1, left: column == 0)
                }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { column, width in
            String(repeating: "-", count: width - 1) + (column == 0 ? "-" : ":")
        }
        return
            (["**\(title)**", "", line(columns), "| " + rule.joined(separator: " | ") + " |"]
            + rows.map(line)).joined(separator: "\n") + "\n"
    }

    private var widths: [Int] {
        columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
    }

    private func pad(_ text: String, to width: Int, left: Bool) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + space : space + text
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
