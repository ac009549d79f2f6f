import Foundation

/// One prompt of a general task and how it was continued: one line of `retention.jsonl`.
package struct RetentionRow: Codable, Sendable, Equatable {
    /// A continuation and what it is worth.
    package struct Continuation: Codable, Sendable, Equatable {
        /// What the model wrote after the prompt.
        package var text: String
        /// The points it gets, of `possible`.
        package var points: Double
        /// Whether it is one of the two words asked for; absent where none were.
        package var isAnswer: Bool?

        init(_ text: String, to question: Question, searchesPrompt: Bool) {
            self.text = text
            points = question.rule.points(
                text, after: searchesPrompt ? question.prompt : "")
            isAnswer = question.rule.isAnswer(text)
        }
    }

    /// What tells one prompt from all others.
    struct Key: Hashable {
        let task: GeneralTask
        let index: Int
        let promptDigest: String
    }

    /// The task it belongs to.
    package var task: GeneralTask
    /// Its place among the task's prompts, from 0.
    package var index: Int
    /// Which of several questions about one record it is: CoNLL03's kind of entity.
    package var part: String?
    /// SHA-256 of the prompt.
    package var promptDigest: String
    /// Tokens cut from the beginning of a prompt too long for the model; absent where none were.
    package var cutTokens: Int?
    /// The most points a continuation can get: 1, or the entities to find.
    package var possible: Int
    /// The unedited model's continuation.
    package var before: Continuation
    /// The edited model's; absent for a model without edits.
    package var after: Continuation?

    /// The row of `item` with these continuations.
    init(
        _ item: TaskItem, before: String, after: String?, cutTokens: Int?, searchesPrompt: Bool
    ) {
        func continuation(_ text: String) -> Continuation {
            Continuation(text, to: item.question, searchesPrompt: searchesPrompt)
        }
        task = item.task
        index = item.index
        part = item.question.part
        promptDigest = item.key.promptDigest
        self.cutTokens = cutTokens
        possible = item.question.rule.possible
        self.before = continuation(before)
        self.after = after.map(continuation)
    }

    var key: Key { Key(task: task, index: index, promptDigest: promptDigest) }
}

extension TaskItem {
    var key: RetentionRow.Key {
        RetentionRow.Key(task: task, index: index, promptDigest: sha256(Data(question.prompt.utf8)))
    }
}
