package import Figures
import Foundation

/// One experiment with what was measured for it.
package struct LabReport: Sendable {
    package let experiment: Experiment
    /// How it was asked for.
    package let command: [String]
    package let records: [StreamRecord]
    /// What of the recipe was left out and why.
    package let notices: [String]
    /// What the recipe shows of them, in order; nothing where they do not make a table or figure yet.
    package let exhibits: [Exhibit]

    /// - Parameters:
    ///   - streams: what the recipe wants; those without a record are counted in a notice.
    package init(
        _ experiment: Experiment, command: [String], streams: [EditStream],
        records: [StreamRecord], notices: [String]
    ) {
        self.experiment = experiment
        self.command = command
        self.records = records
        let missing = streams.count - records.count
        self.notices =
            notices
            + (missing == 0 ? [] : ["\(missing) of \(streams.count) streams are not measured yet."])
        let groups = StreamGroup.groups(records)
        guard !groups.isEmpty else {
            exhibits = []
            return
        }
        exhibits = experiment.shows.map {
            Exhibit(
                $0, of: $0 == .sweep ? groups : groups.distinct,
                published: experiment.published ?? [:])
        }.filter { !$0.tables.isEmpty || !$0.figures.isEmpty }
    }

    /// The tables as Markdown, with what a reader must know.
    package var markdown: String {
        let head = ["# \(experiment.title)", opening]
        let body = exhibits.flatMap { exhibit in
            ["## \(exhibit.title)", exhibit.text].filter { !$0.isEmpty }
                + exhibit.tables.filter { !$0.rows.isEmpty }.map(\.markdown)
        }
        return (head + body + [provenance]).joined(separator: "\n\n") + "\n"
    }

    /// Where it comes from and what a reader must know.
    var opening: String {
        (["After \(experiment.source)."] + [experiment.note].compactMap(\.self) + notices)
            .joined(separator: " ")
    }

    /// A section for each exhibit.
    package var sections: [Report.Section] {
        exhibits.map { exhibit in
            let tables = exhibit.tables.filter { !$0.rows.isEmpty }
            return Report.Section(
                exhibit.title,
                (exhibit.text.isEmpty ? [] : [.text(exhibit.text)])
                    + (exhibit.figures.isEmpty ? [] : [.figures(exhibit.figures.map(\.drawing))])
                    + tables.map { .table($0.page) })
        }
    }

    /// What a page of several experiments has of this one.
    var chapter: [Report.Section] {
        let opening = Report.Part.text(opening)
        let inner = sections
        if inner.count == 1 {
            return [Report.Section(experiment.title, [opening] + inner[0].parts)]
        }
        return [Report.Section(experiment.title, [opening])]
            + inner.map { Report.Section($0.title, $0.parts, isInner: true) }
    }

    /// How it was made, for people.
    package var facts: [Report.Fact] { Manifest.facts(records.map(\.manifest), command: command) }

    private var provenance: String {
        facts.map { "- \($0.name): \($0.isLiteral ? "`\($0.value)`" : $0.value)" }
            .joined(separator: "\n")
    }
}

extension Manifest {
    /// What several streams share, and the values that differ side by side.
    static func facts(_ manifests: [Manifest], command: [String]) -> [Report.Fact] {
        func all(_ value: (Manifest) -> String) -> String {
            var seen: Set<String> = []
            return manifests.map(value).filter { seen.insert($0).inserted }.joined(separator: "; ")
        }
        var names: Set<String> = []
        let files = manifests.flatMap(\.data).filter { names.insert($0.name + $0.digest).inserted }
        return [
            Report.Fact("Command", command.joined(separator: " "), isLiteral: true),
            Report.Fact("Base model", all(\.model)),
            Report.Fact("Its weights (SHA-256)", all(\.modelDigest), isLiteral: true),
        ] + files.map { Report.Fact($0.name, $0.digest, isLiteral: true) } + [
            Report.Fact("Device", all { "\($0.device), \($0.dtype), \($0.threads) threads" }),
            Report.Fact("Processor", all(\.processor)),
            Report.Fact("Seeds", all { $0.seeds.map(String.init).joined(separator: ", ") }),
            Report.Fact(
                "Versions",
                all {
                    $0.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                        .joined(separator: ", ")
                }),
        ]
    }
}

extension LabFolder {
    /// Writes an experiment: `manifest.json`, `results.json`, `table.md`, every figure as SVG and
    /// PNG, `report.html`.
    ///
    /// - Throws: `EvaluationError` or `FiguresError` that names the file that could not be written.
    package func write(_ report: LabReport) throws {
        let folder = try ResultsFolder(url.appending(path: report.experiment.name))
        for figure in report.exhibits.flatMap(\.figures) {
            let svg = folder.url.appending(path: "\(figure.name).svg")
            try folder.write(Data(figure.drawing.svg().utf8), to: svg.lastPathComponent)
            try converter?.convert(svg, to: folder.url.appending(path: "\(figure.name).png"))
        }
        try folder.writeJSON(report.records, to: "results.json")
        try folder.write(Data(report.markdown.utf8), to: "table.md")
        let page = Report(
            report.experiment.title, lead: report.opening, sections: report.sections,
            manifest: report.facts)
        try folder.write(Data(page.html.utf8), to: "report.html")
        try folder.writeJSON(report.records.map(\.manifest), to: "manifest.json")
    }

    /// Writes one page of all `reports`.
    package func writePage(_ reports: [LabReport], title: String, lead: String) throws {
        let manifests = reports.flatMap(\.records).map(\.manifest)
        let page = Report(
            title, lead: lead, sections: reports.flatMap(\.chapter),
            manifest: Manifest.facts(manifests, command: reports.first?.command ?? []))
        try ResultsFolder(url).write(Data(page.html.utf8), to: "report.html")
    }
}
