/// The general tasks in the harness's terms: the unedited and the edited model are two models.
extension HarnessRun {
    /// What each of the two answered; a model without edits is one.
    ///
    /// - Parameter items: all prompts of the tasks, asked or not.
    /// - Throws: `EvaluationError` where a row's prompt is not among `items`.
    static func runs(
        of result: RetentionResult, rows: [RetentionRow], items: [TaskItem]
    ) throws -> [HarnessRun] {
        let questions = Dictionary(items.map { ($0.key, $0.question) }) { first, _ in first }
        let asked = try rows.map { row in
            guard let question = questions[row.key] else {
                throw EvaluationError(
                    "Expected prompt \(row.index) of \(row.task.title) among the tasks' prompts, but "
                        + "it is not; give those that were asked.")
            }
            return Asked(row: row, question: question)
        }
        let counts = Dictionary(grouping: items, by: \.task).mapValues(\.count)
        func run(_ model: String, _ samples: (Asked) -> HarnessSample?) -> HarnessRun {
            HarnessRun(
                model: model,
                tasks: result.tasks.map(\.task).map { task in
                    let samples = asked.filter { $0.row.task == task }.compactMap(samples)
                    return HarnessTask(
                        name: "errata_\(task.rawValue)", alias: task.title, source: task.path,
                        documents: counts[task] ?? 0, samples: samples)
                },
                group: HarnessGroup(
                    name: "errata_general", alias: "General tasks", metrics: [.score, .agreement]),
                manifest: result.manifest)
        }
        let model = result.manifest.model
        guard rows.contains(where: { $0.after != nil }) else {
            return [run(model) { $0.sample(of: $0.row.before, edited: false) }]
        }
        return [
            run("\(model)_unedited") { $0.sample(of: $0.row.before, edited: false) },
            run(model) { asked in
                asked.row.after.map { asked.sample(of: $0, edited: true) }
            },
        ]
    }
}

/// A row with the question that it only has a digest of.
private struct Asked {
    let row: RetentionRow
    let question: Question

    func sample(of said: RetentionRow.Continuation, edited: Bool) -> HarnessSample {
        var sample = HarnessSample(
            document: row.index, prompt: question.prompt, target: question.rule.target,
            maximumTokens: row.task.maximumTokens, cutTokens: row.cutTokens, answer: said.text,
            part: row.part,
            possible: row.possible)
        if let part = row.part {
            sample.details = [("part", .text(part)), ("possible", .integer(row.possible))]
        }
        if row.possible > 0 { sample.values[.score] = said.points / Double(row.possible) }
        if said.isAnswer == true { sample.values[.scoreOfAnswered] = sample.values[.score] }
        if edited { sample.values[.agreement] = row.before.text == said.text ? 1 : 0 }
        return sample
    }
}

extension AnswerRule {
    /// What a continuation should say; several answers as a JSON list.
    fileprivate var target: String {
        switch self {
        case .contains(let text), .containsWord(let text, _), .isWord(let text, _),
            .summary(let text):
            text
        case .span(let answers), .entities(let answers): PythonJSON.texts(answers).text()
        }
    }
}
