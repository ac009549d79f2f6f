/// What is asked about a record of a task, and when the answer is right.
package struct Question: Sendable, Equatable {
    /// What the model continues, to the byte.
    package let prompt: String
    /// When its continuation is right.
    package let rule: AnswerRule
    /// Which of several questions about one record it is: CoNLL03's kind of entity.
    package var part: String?

    /// A question, the only one about its record unless `part` tells which.
    package init(_ prompt: String, _ rule: AnswerRule, part: String? = nil) {
        self.prompt = prompt
        self.rule = rule
        self.part = part
    }
}

/// One prompt of a task.
package struct TaskItem: Sendable, Equatable {
    /// The task it belongs to.
    package let task: GeneralTask
    /// Its place among the task's prompts, from 0.
    package let index: Int
    /// What is asked.
    package let question: Question

    /// The `index`-th prompt of `task`.
    package init(task: GeneralTask, index: Int, question: Question) {
        self.task = task
        self.index = index
        self.question = question
    }
}
