import Edits
import Figures

extension Exhibit {
    /// How much the order of the edits moves the scores: LEMoE's analysis, and its answer, planning.
    static func orders(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Order of the edits")
        exhibit.text = """
            Average: the mean of reliability, generalization (every token right) and unrelated answers \
            kept, percent. Spread: the best order less the worst; what the method itself draws is \
            the same in all of them. Within, between: the mean cosine of \
            edits of one batch and of two, centred; correlation of the average with each.
            """
        for (data, groups) in groups.byData {
            let edited = groups.filter { $0.records[0].row.edits > 0 }
            exhibit.tables.append(ordersTable(data, edited))
            exhibit.figures.append(
                NamedFigure(name: "orders-\(data.rawValue)", drawing: ordersPlot(data, edited)))
        }
        return exhibit
    }

    private static func ordersTable(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title), by order",
            columns: [
                "Method", "Edits", "Orders", "Average", "Spread", "Within", "Between",
                "r with within", "r with between",
            ])
        table.rows = groups.map { group in
            let averages = group.values(\.average)
            let spread = averages.isEmpty ? nil : averages.max()! - averages.min()!
            return [
                group.label, Figure.count(group.stream.edits), Figure.count(group.records.count),
                group.percent(\.average), Figure.percent(spread), group.short(\.within),
                group.short(\.between),
                Figure.decimal(Statistics.correlation(group.pairs(\.within)), digits: 2),
                Figure.decimal(Statistics.correlation(group.pairs(\.between)), digits: 2),
            ]
        }
        return table
    }

    private static func ordersPlot(_ data: LabData.Name, _ groups: [StreamGroup]) -> Drawing {
        var plot = Plot(
            "Orders of the edits of \(data.title)", subtitle: "A dot for each order",
            x: Axis("Cosine within batches"), y: .percent("Average score"))
        plot.series = groups.map { group in
            Series(
                group.label, group.pairs(\.within).map { Point($0.0, $0.1 * 100) }, mark: .dots)
        }
        return plot.drawing
    }
}

extension StreamGroup {
    /// A figure and the average score of each order that has both.
    fileprivate func pairs(_ figure: (StreamRecord) -> Double?) -> [(Double, Double)] {
        records.compactMap { record in
            guard let x = figure(record), let y = record.average else { return nil }
            return (x, y)
        }
    }
}

extension StreamRecord {
    /// LEMoE's average of reliability, generalization and locality.
    fileprivate var average: Double? {
        let end = row.atEnd
        return Statistics.mean(
            [
                end.reliability.allTokens, end.generalization.allTokens,
                end.unrelated.agreement ?? end.neighbours.agreement,
            ].compactMap(\.self))
    }

    fileprivate var within: Double? { row.routing?.similarityWithin }
    fileprivate var between: Double? { row.routing?.similarityBetween }
}
