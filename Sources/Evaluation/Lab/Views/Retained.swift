extension Exhibit {
    /// What the eight general tasks score, and how many continuations stay the same: ELDER's Table
    /// 2 with its details.
    static func retention(
        _ groups: [StreamGroup], _ published: [String: Experiment.Published]
    ) -> Exhibit {
        var exhibit = Exhibit("General tasks after the stream")
        exhibit.text = """
            Score: the unweighted mean of the eight tasks, percent; same: continuations identical to \
            the unedited model's, which tells something of a model too small to score.
            """
        let asked = groups.flatMap(\.records).filter { $0.tasks != nil }
        for (data, asked) in StreamGroup.groups(asked).byData {
            exhibit.tables.append(
                summary(data, asked).beside(
                    published[data.rawValue], methods: asked.map(\.stream.method)))
            exhibit.tables.append(
                details("\(data.title): score of each task (%)", asked) {
                    ($0.after ?? $0.before).overall
                })
            exhibit.tables.append(
                details("\(data.title): same continuations of each task (%)", asked) {
                    $0.agreement
                })
        }
        return exhibit
    }

    private static func summary(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title): the eight tasks (%)",
            columns: ["Method", "Edits", "Seeds", "Prompts", "Score", "Same"])
        table.rows = groups.map { group in
            let prompts = group.records[0].tasks?.reduce(0) { $0 + $1.items }
            return [
                group.label, Figure.count(group.stream.edits), Figure.count(group.records.count),
                Figure.count(prompts),
                group.percent { mean($0) { ($0.after ?? $0.before).overall } },
                group.percent { mean($0, \.agreement) },
            ]
        }
        return table
    }

    private static func details(
        _ title: String, _ groups: [StreamGroup], _ figure: @escaping (TaskSummary) -> Double?
    ) -> TextTable {
        var table = TextTable(
            title, columns: ["Method", "Edits"] + GeneralTask.allCases.map(\.title))
        table.rows = groups.map { group in
            [group.label, Figure.count(group.stream.edits)]
                + GeneralTask.allCases.map { task in
                    group.percent { $0.tasks?.first { $0.task == task }.flatMap(figure) }
                }
        }
        return table
    }

    private static func mean(
        _ record: StreamRecord, _ figure: (TaskSummary) -> Double?
    ) -> Double? {
        record.tasks.flatMap { Statistics.mean($0.compactMap(figure)) }
    }
}
