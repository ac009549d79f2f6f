package import Errata

/// Asks the unedited and the edited model the general tasks, greedily (evaluation.md §4).
///
/// Prompts of one length are asked together, and too long ones are cut from the left.
package struct RetentionBench: Sendable {
    package let model: EditableModel
    package let items: [TaskItem]
    /// Whether NQ's answers are searched in prompt and continuation together, as the released scorer
    /// does.
    package let searchesPrompt: Bool

    package init(model: EditableModel, items: [TaskItem], searchesPrompt: Bool = false) {
        self.model = model
        self.items = items
        self.searchesPrompt = searchesPrompt
    }

    /// What a batch has come to.
    package struct Progress: Sendable {
        /// The batch's task.
        package let task: GeneralTask
        /// The rows that were asked now; none where all were known.
        package let fresh: [RetentionRow]
        /// Prompts that are done.
        package let done: Int
    }

    /// Asks every item, and returns its rows in the items' order.
    ///
    /// - Parameters:
    ///   - known: rows measured before, which are not asked again; one without `after` saves the
    ///     unedited model's answer. They must be of the same base model.
    ///   - onBatch: an error thrown from it ends the run.
    package func run(
        known: [RetentionRow] = [], onBatch: (Progress) throws -> Void = { _ in }
    ) async throws -> [RetentionRow] {
        let known = Dictionary(known.map { ($0.key, $0) }) { $1 }
        let isEdited = try await model.summary.method != Editor.unedited.method
        var rows: [RetentionRow.Key: RetentionRow] = [:]
        for batch in await batches() {
            let earlier = batch.compactMap { known[$0.key] }
            let (batchRows, isFresh) = try await ask(batch, known: earlier, isEdited: isEdited)
            for row in batchRows { rows[row.key] = row }
            try onBatch(
                Progress(
                    task: batch[0].task, fresh: isFresh ? batchRows : [], done: rows.count))
        }
        return items.map { rows[$0.key]! }
    }

    /// The items in groups of one task and one length. They are always the same, and asked whole, so
    /// that no number depends on where an earlier run was stopped.
    private func batches() async -> [[TaskItem]] {
        var batches: [[TaskItem]] = []
        for task in GeneralTask.allCases {
            let items = items.filter { $0.task == task }
            let counts = await model.tokenCounts(items.map(\.question.prompt))
            let groups = Dictionary(grouping: items.indices) { counts[$0] }
            for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
                for start in stride(from: 0, to: group.count, by: 32) {
                    batches.append(group[start..<min(start + 32, group.count)].map { items[$0] })
                }
            }
        }
        return batches
    }

    /// The rows of a batch, and whether a model was asked for them.
    private func ask(
        _ batch: [TaskItem], known: [RetentionRow], isEdited: Bool
    ) async throws -> (rows: [RetentionRow], isFresh: Bool) {
        let isKnown = known.count == batch.count
        let hasAfter = isKnown && known.allSatisfy { $0.after != nil }
        let before = isKnown ? nil : try await answers(to: batch, edited: false)
        let after = isEdited && !hasAfter ? try await answers(to: batch, edited: true) : nil
        let rows = batch.indices.map { index in
            RetentionRow(
                batch[index], before: before?[index].text ?? known[index].before.text,
                after: isEdited ? after?[index].text ?? known[index].after?.text : nil,
                cutTokens: before == nil ? known[index].cutTokens : before?[index].cutTokens,
                searchesPrompt: searchesPrompt)
        }
        return (rows, before != nil || after != nil)
    }

    private func answers(to batch: [TaskItem], edited: Bool) async throws -> [Answer] {
        var options = AnswerOptions(maximumTokens: batch[0].task.maximumTokens)
        options.cutsLongPrompts = true
        return try await model.answer(
            batch.map(\.question.prompt), options: options, edited: edited)
    }
}
