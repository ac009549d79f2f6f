package import Figures

extension BenchResult {
    /// Everything on one page that opens without a network.
    package var report: Report {
        let sections: [Report.Section] = [
            section("Overview", [.text(Self.glossary)], [overview]),
            section(
                "Answers", [],
                [
                    answers("Right after the edit", \.afterEdit),
                    answers("At the end of the stream", \.atEnd),
                ]),
            section("Age of the edit", [.figures(agePlots.map(\.drawing))], [ages]),
            section("Gate", [.figures(distancePlots.map(\.drawing))], [gates]),
            section("Routes", [], [routes]),
            section("Cost", [.figures([timeChart.drawing, parameterChart.drawing])], [costs]),
        ]
        return Report(
            heading, lead: dataset.summary, sections: sections.filter { !$0.parts.isEmpty },
            manifest: facts)
    }

    /// A section of these figures and those tables; the empty ones are left out.
    private func section(
        _ title: String, _ parts: [Report.Part], _ tables: [TextTable]
    ) -> Report.Section {
        let tables = tables.filter { !$0.rows.isEmpty }.map { Report.Part.table($0.page) }
        return Report.Section(title, parts.filter { $0 != .figures([]) } + tables)
    }

    private var facts: [Report.Fact] {
        let versions = manifest.versions.sorted { $0.key < $1.key }
        let data = manifest.data.map { Report.Fact($0.name, $0.digest, isLiteral: true) }
        return [
            Report.Fact("Command", manifest.command.joined(separator: " "), isLiteral: true),
            Report.Fact("Date", manifest.date),
            Report.Fact("Base model", manifest.model),
            Report.Fact("Its weights (SHA-256)", manifest.modelDigest, isLiteral: true),
        ] + data + [
            Report.Fact("Device", "\(manifest.device), \(manifest.dtype)"),
            Report.Fact("Processor", manifest.processor),
            Report.Fact("Threads", String(manifest.threads)),
            Report.Fact("Seeds", manifest.seeds.map(String.init).joined(separator: ", ")),
            Report.Fact(
                "Versions", versions.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
        ]
    }
}

extension TextTable {
    /// The table for a page.
    var page: ReportTable {
        let columns = columns.enumerated().map { place, name in
            ReportTable.Column(name, place == 0 ? .words : .numbers)
        }
        return ReportTable(title, columns: columns, rows: rows)
    }
}
