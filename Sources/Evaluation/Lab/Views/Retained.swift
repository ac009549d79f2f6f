extension Exhibit {
    /// What the eight general tasks score, and how many continuations stay the same: ELDER's Table
    /// 2 with its details.
    static func retention(
        _ groups: [StreamGroup], _ published: [String: Experiment.Published]
    ) -> Exhibit {
        var exhibit = Exhibit("General tasks after the stream")
        exhibit.text = """
            Unweighted means of the eight tasks, percent. Before: the unedited model's score; score: \
            after the edits; same: the share of a task's continuations that are identical to the \
            unedited model's, which tells something of a model too small to score. Cut: prompts \
            longer than the model's context.
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
            exhibit.tables.append(
                details(
                    "\(data.title): score of items answered with one of the two words (%)", asked,
                    tasks: [.rte, .boolq, .sst2]
                ) { ($0.after ?? $0.before).ofAnswered })
        }
        return exhibit
    }

    private static func summary(_ data: LabData.Name, _ groups: [StreamGroup]) -> TextTable {
        var table = TextTable(
            "\(data.title): the eight tasks (%)",
            columns: ["Method", "Edits", "Seeds", "Prompts", "Before", "Score", "Same", "Cut"])
        table.rows = groups.map { group in
            let tasks = group.records[0].tasks
            return [
                group.label, Figure.count(group.stream.edits), Figure.count(group.records.count),
                Figure.count(tasks?.reduce(0) { $0 + $1.items }),
                Figure.percent(mean(group.records[0], \.before.overall)),
                group.percent { mean($0) { ($0.after ?? $0.before).overall } },
                group.percent { mean($0, \.agreement) },
                Figure.count(tasks?.reduce(0) { $0 + $1.cutPrompts }),
            ]
        }
        return table
    }

    private static func details(
        _ title: String, _ groups: [StreamGroup], tasks: [GeneralTask] = GeneralTask.allCases,
        _ figure: @escaping (TaskSummary) -> Double?
    ) -> TextTable {
        var table = TextTable(title, columns: ["Method", "Edits"] + tasks.map(\.title))
        table.rows = groups.map { group in
            [group.label, Figure.count(group.stream.edits)]
                + tasks.map { task in
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
