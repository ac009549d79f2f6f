import Figures

extension Exhibit {
    /// What an edit takes: ELDER's Table 3.
    static func cost(
        _ groups: [StreamGroup], _ published: [String: Experiment.Published]
    ) -> Exhibit {
        var exhibit = Exhibit("Cost of an edit")
        exhibit.text = """
            Seconds of the edit call alone, the device synchronised: the median of the stream. CPU \
            seconds are those of all threads together and hardly change when other programs want \
            the cores; growth is their mean in the last tenth of the stream over that in the \
            first. Times are of the seeds alone that were measured on the first seed's processor. \
            \(MethodRow.trainedNote). Bytes are what the stream adds to the base model, \
            divided by its edits.
            """
        for (data, groups) in groups.byData {
            let edited = groups.filter { $0.records[0].row.edits > 0 }
            exhibit.tables.append(
                costTable(data, edited).beside(
                    published[data.rawValue], methods: edited.map(\.stream.method)))
            exhibit.figures += [
                NamedFigure(name: "seconds-\(data.rawValue)", drawing: seconds(data, edited)),
                NamedFigure(name: "parameters-\(data.rawValue)", drawing: trained(data, edited)),
            ]
        }
        return exhibit
    }

    private static func costTable(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title), \(span(groups.map(\.stream.edits))) edits",
            columns: [
                "Method", "Edits", "Seeds", "s/edit", "CPU s/edit", "Growth", "Steps/edit",
                "Trained",
                "Bytes/edit",
            ])
        table.rows = groups.map { group in
            let row = group.records[0].row
            return [
                group.label, Figure.count(row.edits), Figure.count(group.records.count),
                group.timed.short { $0.row.secondsPerEdit?.median },
                group.timed.short { $0.row.cpuSecondsPerEdit },
                group.timed.short { $0.row.costGrowth },
                group.short { $0.row.stepsPerEdit?.mean },
                Figure.count(row.trainableParameters),
                Figure.count(row.bytesPerEdit.map { Int($0.rounded()) }),
            ]
        }
        return table
    }

    private static func seconds(_ data: LabData.Name, _ groups: [StreamGroup]) -> Drawing {
        BarChart(
            "Time for an edit of \(data.title)",
            subtitle: "Median of the stream; the whisker spans the seeds of one processor",
            axis: Axis("Time", unit: "s", scale: .logarithmic),
            bars: groups.named.map { name, group in
                BarChart.Bar(name, values: group.timed.values { $0.row.secondsPerEdit?.median })
            }
        ).drawing
    }

    private static func trained(_ data: LabData.Name, _ groups: [StreamGroup]) -> Drawing {
        BarChart(
            "Trained parameters on \(data.title)", axis: Axis("Parameters"),
            bars: groups.named.map { name, group in
                BarChart.Bar(name, group.records[0].row.trainableParameters.map(Double.init))
            }
        ).drawing
    }
}
