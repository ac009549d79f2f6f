package import Foundation

/// How far a run over a stream has come, what the model has learned aside.
package struct Halfway: Codable, Sendable, Equatable {
    /// Edits learned.
    package var learned = 0
    /// What is to be learned before the next mark, as places in the stream, once it is planned.
    var ahead: [[Int]]?
    /// A row for each mark behind.
    var rows: [MethodRow] = []
    /// What was asked right after its edit.
    var right: [ProbeOutcome] = []
    /// What the learning took.
    var cost = LearningCost()
}

/// What makes a run one that can be stopped and go on later.
package struct Resumption: Sendable {
    /// A run of the same method over the same stream that was stopped: what it had come to, and the
    /// directory of the model it had made. Nil to begin.
    package let stopped: (halfway: Halfway, model: URL)?
    /// Keeps how far this run has come, beside what the model has learned.
    package let keep: @Sendable (Halfway) async throws -> Void
}
