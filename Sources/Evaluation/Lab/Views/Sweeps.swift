import Edits
import Figures

extension Exhibit {
    /// Right answers by the value of a key: ELDER's Figure 3 and the sweeps of its appendix.
    static func sweep(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("By the value of a key")
        exhibit.text = """
            One key of the recipe takes other values; everything else stays. CPU seconds are of the \
            seeds alone that were measured on the first seed's processor.
            """
        for (data, groups) in groups.byData {
            for (key, groups) in varied(groups) {
                exhibit.tables.append(sweepTable(data, key, groups))
                exhibit.figures.append(
                    NamedFigure(
                        name: "\(key)-\(data.rawValue)", drawing: sweepPlot(data, key, groups)))
            }
        }
        return exhibit
    }

    /// The groups by the key in which they differ from others, in the order of its values.
    private static func varied(_ groups: [StreamGroup]) -> [(key: String, groups: [StreamGroup])] {
        let keys = Set(groups.flatMap { $0.stream.settings.keys }).sorted()
        return keys.compactMap { key in
            let some = groups.filter { $0.stream.settings[key] != nil }
            guard Set(some.map { $0.stream.settings[key] }).count > 1 else { return nil }
            return (key, some.sorted { $0.value(of: key) < $1.value(of: key) })
        }
    }

    private static func sweepTable(
        _ data: LabData.Name, _ key: String, _ groups: [StreamGroup]
    ) -> TextTable {
        var table = TextTable(
            "\(data.title), by \(key) (%)",
            columns: [
                "Method, \(key)", "Edits", "Seeds", "Rel all", "Rel greedy", "Gen all",
                "Gen greedy", "Unrelated kept", "False accepts", "Codes", "Trained", "CPU s/edit",
            ])
        table.rows = groups.map { group in
            let row = group.records[0].row
            let figures: [(Summary) -> Double?] = [
                \.reliability.allTokens, \.reliability.generated, \.generalization.allTokens,
                \.generalization.generated, \.unrelated.agreement, \.gate.unrelated,
            ]
            return [
                "\(group.title), \(group.stream.settings[key] ?? "")",
                Figure.count(row.edits), Figure.count(group.records.count),
            ] + figures.map { figure in group.percent { figure($0.row.atEnd) } } + [
                Figure.count(row.distinctCodes), Figure.count(row.trainableParameters),
                group.timed.short { $0.row.cpuSecondsPerEdit },
            ]
        }
        return table
    }

    private static func sweepPlot(
        _ data: LabData.Name, _ key: String, _ groups: [StreamGroup]
    ) -> Drawing {
        let places = groups.map { $0.value(of: key) }
        let isWide = (places.min() ?? 0) > 0 && places.max()! / places.min()! > 50
        var plot = Plot(
            "\(key) on \(data.title)", subtitle: "Every token right, at the end of the stream",
            x: Axis(key, scale: isWide ? .logarithmic : .linear), y: .percent("Right"))
        let figures: [(String, (Summary) -> Double?)] = [
            ("reliability", \.reliability.allTokens),
            ("generalization", \.generalization.allTokens),
            ("unrelated kept", \.unrelated.agreement),
        ]
        let byTitle = Dictionary(grouping: groups, by: \.title).sorted { $0.key < $1.key }
        for (title, groups) in byTitle {
            plot.series += figures.map { name, figure in
                Series(
                    "\(title): \(name)",
                    runs: groups.map { group in
                        let shares = group.values { figure($0.row.atEnd) }
                        return (x: group.value(of: key), values: shares.map { $0 * 100 })
                    }, spread: .range)
            }
        }
        return plot.drawing
    }
}

extension StreamGroup {
    /// The value of `key` as a number; 0 where it is none.
    fileprivate func value(of key: String) -> Double {
        stream.settings[key].flatMap(Double.init) ?? 0
    }
}
