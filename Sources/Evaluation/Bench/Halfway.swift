import Foundation

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
    let stopped: (halfway: Halfway, model: URL)?
    private let interval: Duration
    private let keep: @Sendable (Halfway) async throws -> Void
    private var latest = ContinuousClock.now

    /// - Parameter interval: time after which it is kept again how far the run has come.
    /// - Parameter keep: keeps it, beside what the model has learned.
    init(
        from stopped: (halfway: Halfway, model: URL)?, every interval: Duration,
        keep: @escaping @Sendable (Halfway) async throws -> Void
    ) {
        (self.stopped, self.interval, self.keep) = (stopped, interval, keep)
    }

    /// Keeps how far the run has come, if it is time, or if all is learned: the asking that follows
    /// may take as long.
    mutating func note(_ halfway: Halfway) async throws {
        let isDue = ContinuousClock.now - latest >= interval
        guard isDue || halfway.ahead?.isEmpty != false else { return }
        try await keep(halfway)
        latest = .now
    }
}
