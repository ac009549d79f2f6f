package import Edits

/// How an edited model answered one probe: one row of `edits.jsonl`.
///
/// What was not measured is absent, and an aggregate counts only what is present.
package struct ProbeOutcome: Codable, Sendable, Equatable {
    /// When the question was asked.
    package enum Moment: String, Codable, Sendable, CaseIterable {
        /// Right after its edit's batch.
        case afterEdit
        /// After the last edit of the stream.
        case atEnd
    }

    /// What was asked.
    package var probe: Probe
    /// When.
    package var moment: Moment
    /// Share of the target's tokens whose teacher-forced argmax is right.
    package var tokenAccuracy: Double?
    /// Whether all of them are.
    package var allTokens: Bool?
    /// What greedy generation with the true stop rule said.
    package var generated: String?
    /// Whether that is the target, white space around it aside.
    package var generatedMatches: Bool?
    /// Whether the target is more probable than the former answer, per token.
    package var prefersTarget: Bool?
    /// Locality: whether the argmax agrees with every token of the unedited model's answer.
    package var agrees: Bool?
    /// Locality: whether the logits are those of the unedited model, bit for bit.
    package var isBitEqual: Bool?
    /// How the method decided, where it has a gate.
    package var trace: RouteTrace?
    /// Whether the route differs from the one right after the edit.
    package var routeMoved: Bool?

    /// A row on which nothing was measured yet.
    package init(_ probe: Probe, at moment: Moment) {
        self.probe = probe
        self.moment = moment
    }

    /// Notes a teacher-forced pass: for each token of the target, whether it was the argmax.
    package mutating func noteForced(_ isRight: [Bool]) {
        tokenAccuracy = Metrics.tokenAccuracy(isRight)
        allTokens = Metrics.allTokens(isRight)
    }

    /// Notes what greedy generation said.
    package mutating func noteGenerated(_ text: String) {
        generated = text
        generatedMatches = probe.target.map { Metrics.generatedMatches(text, target: $0) }
    }

    /// Notes how probable the target and the former answer are.
    package mutating func notePreference(new: Likelihood, old: Likelihood) {
        prefersTarget = Metrics.prefers(new, over: old)
    }

    /// Notes, for each token of the unedited model's greedy answer, whether it still is the
    /// argmax, and whether the logits are the unedited model's.
    package mutating func noteAgreement(_ isRight: [Bool], isBitEqual: Bool?) {
        agrees = Metrics.allTokens(isRight)
        self.isBitEqual = isBitEqual
    }
}
