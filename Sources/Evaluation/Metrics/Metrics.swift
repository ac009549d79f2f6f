import Edits

/// The metrics of a single probe, on plain values (evaluation.md §3).
package enum Metrics {
    /// Teacher-forced: the share of target tokens that the argmax gets right; an empty target is
    /// all right.
    package static func tokenAccuracy(_ isRight: [Bool]) -> Double {
        Statistics.share(isRight) ?? 1
    }

    /// Teacher-forced: whether the argmax gets every target token right.
    package static func allTokens(_ isRight: [Bool]) -> Bool {
        isRight.allSatisfy { $0 }
    }

    /// Whether the generated text is the target, white space around either aside.
    package static func generatedMatches(_ text: String, target: String) -> Bool {
        text.trimmed == target.trimmed
    }

    /// Whether the new answer is more probable than the old one, each as the mean
    /// log-probability of its tokens, so that a short answer has no advantage.
    package static func prefers(_ new: Likelihood, over old: Likelihood) -> Bool {
        new.perToken > old.perToken
    }
}

/// How probable an answer is after a prompt, teacher-forced.
package struct Likelihood: Sendable, Equatable {
    /// The natural logarithm of its probability.
    package let log: Double
    /// Its length.
    package let tokens: Int

    /// An answer of `tokens` tokens with log-probability `log`.
    package init(log: Double, tokens: Int) {
        precondition(tokens > 0, "an answer without tokens has no probability")
        self.log = log
        self.tokens = tokens
    }

    /// The mean log-probability of a token.
    package var perToken: Double { log / Double(tokens) }
}
