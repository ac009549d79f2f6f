import Figures

extension Exhibit {
    /// Right answers and parameters along the stream: ELDER's Figure 2.
    static func scaling(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Along the stream")
        exhibit.text = """
            At each mark everything learned so far is asked. Lines are means over seeds, bands one \
            deviation of the sample. \(MethodRow.trainedNote).
            """
        for (data, groups) in groups.byData {
            let edited = groups.filter { $0.records[0].row.edits > 0 }
            let right = Axis.percent("Every token right")
            let parameters = Axis("Parameters", covering: 0...0)
            let size = Axis("Size", unit: "MB", covering: 0...0)
            exhibit.tables.append(scalingTable(data, edited))
            exhibit.figures += [
                figure("reliability", "Reliability", data, edited, right) {
                    $0.atEnd.reliability.allTokens.map { $0 * 100 }
                },
                figure("generalization", "Generalization", data, edited, right) {
                    $0.atEnd.generalization.allTokens.map { $0 * 100 }
                },
                figure("parameters", "Trained parameters", data, edited, parameters) {
                    $0.trainableParameters.map(Double.init)
                },
                figure("bytes", "What the stream adds", data, edited, size) {
                    row in row.bytesPerEdit.map { $0 * Double(row.edits) / 1e6 }
                },
            ]
        }
        return exhibit
    }

    private static func figure(
        _ name: String, _ title: String, _ data: LabData.Name, _ groups: [StreamGroup], _ y: Axis,
        _ value: @escaping (MethodRow) -> Double?
    ) -> NamedFigure {
        // From no edits on, so that a stream of one mark ends beside its name.
        let edits = Axis("Edits so far", covering: 0...0)
        var plot = Plot("\(title) on \(data.title)", x: edits, y: y)
        plot.series = groups.map { group in
            Series(
                group.label,
                runs: group.marks.map { mark, rows in
                    (x: Double(mark), values: rows.compactMap(value))
                }, spread: .deviation)
        }
        return NamedFigure(name: "\(name)-\(data.rawValue)", drawing: plot.drawing)
    }

    private static func scalingTable(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title), by edits so far (%)",
            columns: [
                "Method, edits", "Seeds", "Rel all", "Rel greedy", "Gen all", "Gen greedy",
                "Unrelated kept", "False accepts", "Trained", "Bytes/edit",
            ])
        for group in groups {
            for (place, (mark, rows)) in group.marks.enumerated() {
                let figures: [(Summary) -> Double?] = [
                    \.reliability.allTokens, \.reliability.generated,
                    \.generalization.allTokens, \.generalization.generated,
                    \.unrelated.agreement, \.gate.unrelated,
                ]
                table.rows.append(
                    ["\(group.label), \(Figure.count(mark))", Figure.count(group.records.count)]
                        + figures.map { figure in
                            group.percent { figure($0.rows[place].atEnd) }
                        } + [
                            Figure.count(rows[0].trainableParameters),
                            Figure.count(rows[0].bytesPerEdit.map { Int($0.rounded()) }),
                        ])
            }
        }
        return table
    }
}

extension StreamGroup {
    /// The rows of all seeds at each mark, the end included.
    var marks: [(edits: Int, rows: [MethodRow])] {
        records[0].rows.indices.map { place in
            (records[0].rows[place].edits, records.map { $0.rows[place] })
        }
    }
}
