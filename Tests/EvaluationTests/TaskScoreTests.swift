import Testing

@testable import Evaluation

/// From rows to figures, by hand.
@Suite struct TaskScoreTests {
    private func row(_ question: Question, index: Int, _ before: String, _ after: String)
        -> RetentionRow
    {
        RetentionRow(
            TaskItem(task: .conll03, index: index, question: question), before: before,
            after: after, cutTokens: nil, searchesPrompt: false)
    }

    /// Persons: 1 of 3 found before, 3 of 3 after; locations: 1 of 1, then none; no organization.
    @Test func entitiesAreSharedOutByKind() {
        func row(
            _ index: Int, _ part: String, _ entities: [String], _ before: String, _ after: String
        ) -> RetentionRow {
            let question = Question("\(index)", .entities(entities), part: part)
            return self.row(question, index: index, before, after)
        }
        let rows = [
            row(0, "Person", ["Ada", "Bo"], " Ada", " Bo Ada"),
            row(1, "Person", ["Cy"], " no", " Cy"),
            row(2, "Location", ["Karst"], " Karst", " "),
            row(3, "Organization", [], " x", " x"),
        ]
        let summary = TaskSummary(.conll03, rows: rows)
        let before: Double = (1.0 / 3.0 + 1.0) / 2.0
        #expect(summary.before.overall == before)
        #expect(summary.after?.overall == 0.5 && summary.agreement == 0.25)
        #expect(summary.items == 4 && summary.before.ofAnswered == nil)
    }

    @Test func wordsAreScoredOverAllAndOverAnswered() {
        let rule = AnswerRule.containsWord("true", of: ["true", "false"])
        let rows = [(" True", " false"), (" false", " false"), (" so", " so"), (" x", " x")]
            .enumerated().map { row(Question("\($0)", rule), index: $0, $1.0, $1.1) }
        let summary = TaskSummary(.conll03, rows: rows)
        #expect(summary.before == TaskScore(overall: 0.25, ofAnswered: 0.5))
        #expect(summary.after == TaskScore(overall: 0, ofAnswered: 0))
        #expect(summary.agreement == 0.75)
    }
}
