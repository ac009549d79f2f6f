import Figures

extension Exhibit {
    /// Right answers by the age of the edit, of the first seed.
    static func ages(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Age of the edit")
        exhibit.text = "The first seed of each stream, at its end."
        for (data, groups) in groups.byData {
            let result = BenchResult(firstOf: groups)
            exhibit.tables.append(result.ages.on(data))
            // A stream of another length has another axis.
            let lengths = Set(groups.map(\.stream.edits)).sorted()
            let plots = lengths.flatMap { length in
                BenchResult(firstOf: groups.filter { $0.stream.edits == length }).agePlots
            }
            exhibit.figures += plots.enumerated().map {
                NamedFigure(name: "age-\(data.rawValue)-\($0 + 1)", drawing: $1.on(data).drawing)
            }
        }
        return exhibit
    }

    /// How far prompts are from the nearest edit, of the first seed.
    static func distances(_ groups: [StreamGroup]) -> Exhibit {
        var exhibit = Exhibit("Distance to the nearest edit")
        exhibit.text = "The first seed of each stream, at its end."
        for (data, groups) in groups.byData {
            let result = BenchResult(firstOf: groups)
            exhibit.tables.append(result.gates.on(data))
            exhibit.figures += result.distancePlots.enumerated().map {
                NamedFigure(
                    name: "distance-\(data.rawValue)-\($0 + 1)", drawing: $1.on(data).drawing)
            }
        }
        return exhibit
    }
}

extension BenchResult {
    /// The first seeds of `groups`, side by side.
    fileprivate init(firstOf groups: [StreamGroup]) {
        let records = groups.map { $0.records[0] }
        var manifest = records[0].manifest
        manifest.configs = [:]
        var rows: [MethodRow] = []
        for (group, record) in zip(groups, records) {
            var row = record.row
            let isAlone = groups.count { $0.label == group.label } == 1
            row.method = isAlone ? group.label : "\(group.label), \(group.stream.edits) edits"
            rows.append(row)
            manifest.configs[row.method] = record.manifest.configs[record.title]
        }
        self.init(manifest: manifest, dataset: records[0].dataset, methods: rows)
    }
}

extension TextTable {
    /// The table with the data set in its title.
    fileprivate func on(_ data: LabData.Name) -> TextTable {
        var table = self
        table.title = "\(data.title): \(title)"
        return table
    }
}

extension Plot {
    /// The plot with the data set in its title.
    fileprivate func on(_ data: LabData.Name) -> Plot {
        var plot = self
        plot.title = "\(data.title): \(title)"
        return plot
    }
}
