/// What a model scores on a task, as shares; absent where nothing was asked.
package struct TaskScore: Codable, Sendable, Equatable {
    /// Over all items: points of possible points, averaged over CoNLL03's four kinds of entity.
    package var overall: Double?
    /// Over the items answered with one of the two words; absent for tasks without.
    package var ofAnswered: Double?

    /// A score with these shares.
    package init(overall: Double?, ofAnswered: Double?) {
        self.overall = overall
        self.ofAnswered = ofAnswered
    }

    /// The score of some rows' continuations.
    init(_ rows: [(row: RetentionRow, said: RetentionRow.Continuation)]) {
        let parts = Dictionary(grouping: rows) { $0.row.part ?? "" }
        overall = Statistics.mean(
            parts.sorted { $0.key < $1.key }.compactMap { Self.share($0.value) })
        ofAnswered = Self.share(rows.filter { $0.said.isAnswer == true })
    }

    private static func share(
        _ rows: [(row: RetentionRow, said: RetentionRow.Continuation)]
    ) -> Double? {
        let possible = rows.reduce(0) { $0 + $1.row.possible }
        let points = rows.reduce(0) { $0 + $1.said.points }
        return possible == 0 ? nil : points / Double(possible)
    }
}

/// One task before and after the edits.
package struct TaskSummary: Codable, Sendable, Equatable {
    package var task: GeneralTask
    /// Prompts asked; CoNLL03 has four a sentence.
    package var items: Int
    /// The unedited model.
    package var before: TaskScore
    /// The edited model; absent for a model without edits.
    package var after: TaskScore?
    /// Share of prompts that both continue identically.
    package var agreement: Double?
    /// Prompts that were cut to fit the model's context.
    package var cutPrompts: Int

    /// The figures of the rows of `task` among `rows`.
    package init(_ task: GeneralTask, rows: [RetentionRow]) {
        let rows = rows.filter { $0.task == task }
        let edited = rows.compactMap { row in row.after.map { (row: row, said: $0) } }
        self.task = task
        items = rows.count
        before = TaskScore(rows.map { ($0, $0.before) })
        after = edited.isEmpty ? nil : TaskScore(edited)
        agreement = Statistics.share(edited.map { $0.row.before.text == $0.said.text })
        cutPrompts = rows.count { $0.cutTokens != nil }
    }
}

/// All tasks before and after the edits: `retention.json`.
package struct RetentionResult: Codable, Sendable, Equatable {
    /// How it was measured.
    package var manifest: Manifest
    /// A summary for each task that was asked.
    package var tasks: [TaskSummary]
    /// The unweighted mean of the tasks' overall scores, unedited.
    package var before: Double?
    /// The same, edited.
    package var after: Double?
    /// The unweighted mean of the tasks' agreements.
    package var agreement: Double?

    /// The figures of `rows`.
    package init(manifest: Manifest, rows: [RetentionRow]) {
        let asked = Set(rows.map(\.task))
        let tasks = GeneralTask.allCases.filter(asked.contains).map {
            TaskSummary($0, rows: rows)
        }
        self.manifest = manifest
        self.tasks = tasks
        before = Statistics.mean(tasks.compactMap(\.before.overall))
        after = Statistics.mean(tasks.compactMap(\.after?.overall))
        agreement = Statistics.mean(tasks.compactMap(\.agreement))
    }
}
