import Figures

extension Exhibit {
    /// A table for each data set: ELDER's Tables 1 and 4.
    static func answers(
        _ groups: [StreamGroup], _ published: [String: Experiment.Published]
    ) -> Exhibit {
        var exhibit = Exhibit("Answers at the end of the stream")
        exhibit.text = """
            Percent, the mean over seeds ± the sample's deviation. Rel: edited prompts; Gen: held-out \
            rephrasings; all: every target token right, teacher-forced, as the papers count; greedy: \
            greedy generation with the true stop rule equals the target; kept: the unedited model's \
            answer to prompts that no edit covers.
            """
        for (data, groups) in groups.byData {
            exhibit.tables.append(
                answersTable(data, groups).beside(
                    published[data.rawValue], methods: groups.map(\.stream.method)))
            exhibit.figures.append(
                NamedFigure(
                    name: "answers-\(data.rawValue)", drawing: answersChart(data, groups).drawing))
        }
        return exhibit
    }

    private static func answersTable(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title), \(span(groups.map(\.stream.edits))) edits (%)",
            columns: [
                "Method", "Edits", "Seeds", "Rel all", "Rel greedy", "Gen all", "Gen greedy",
                "Neighbours kept", "Unrelated kept", "False accepts",
            ])
        table.rows = groups.map { group in
            let figures: [(Summary) -> Double?] = [
                \.reliability.allTokens, \.reliability.generated, \.generalization.allTokens,
                \.generalization.generated, \.neighbours.agreement, \.unrelated.agreement,
                \.gate.unrelated,
            ]
            return [
                group.label, Figure.count(group.stream.edits), Figure.count(group.records.count),
            ] + figures.map { figure in group.percent { figure($0.row.atEnd) } }
        }
        return table
    }

    private static func answersChart(_ data: LabData.Name, _ groups: [StreamGroup]) -> BarChart {
        BarChart(
            "Generalization on \(data.title)", subtitle: "Held-out rephrasings, every token right",
            axis: .percent("Right"),
            bars: groups.named.map { name, group in
                let values = group.values { $0.row.atEnd.generalization.allTokens }
                return BarChart.Bar(name, values: values.map { $0 * 100 })
            })
    }
}

extension BarChart.Bar {
    /// The mean of some values, and from the least to the most of several.
    init(_ name: String, values: [Double]) {
        let reach = values.count > 1 ? values.min()!...values.max()! : nil
        self.init(name, Statistics.mean(values), reach: reach)
    }
}

extension StreamGroup {
    /// Method and preset, with the settings that are not the preset's.
    var label: String {
        let settings = stream.settings.sorted { $0.key < $1.key }
            .filter { !Self.scaled.contains($0.key) }
            .map { "\($0.key) \($0.value)" }
        return ([title] + settings).joined(separator: ", ")
    }

    /// Keys that only follow the length of the stream.
    private static let scaled = ["editsPerExpert", "editsPerBatch"]
}

extension [StreamGroup] {
    /// The groups with their names in a figure: the stream's length is named where there are several.
    var named: [(name: String, group: StreamGroup)] {
        let isOneLength = Set(map(\.stream.edits)).count == 1
        return map { group in
            let length = isOneLength ? "" : ", \(Figure.count(group.stream.edits)) edits"
            return (group.label + length, group)
        }
    }
}

/// The least and the most of some counts: *300–1,000*.
func span(_ counts: [Int]) -> String {
    let ends = Set([counts.min(), counts.max()].compactMap(\.self)).sorted()
    return ends.map { Figure.count($0) }.joined(separator: "–")
}
