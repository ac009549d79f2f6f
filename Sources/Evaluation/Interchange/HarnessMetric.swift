/// What an answer is worth, under the name that the harness's files have for it.
enum HarnessMetric: String, Sendable, CaseIterable {
    /// Points of possible points.
    case score
    /// The same, of answers with one of the two words asked for.
    case scoreOfAnswered = "score_of_answered"
    /// Whether the unedited model answers the same.
    case agreement
    /// Whether every token of the target is right, teacher-forced.
    case allTokens = "acc"
    /// Share of the target's tokens that are.
    case tokenAccuracy = "token_acc"
    /// Whether the greedy answer is the target.
    case generated = "exact_match"
    /// Whether the target is more probable than the former answer.
    case preference
    /// Whether the logits are the unedited model's, bit for bit.
    case bitEqual = "bit_equal"
    /// Whether the gate let the prompt through to the edits.
    case inScope = "in_scope"
}
