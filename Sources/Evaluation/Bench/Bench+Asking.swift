import Edits
import Errata

// How probes are asked: what the model generates, what it thinks of the targets, and what it says to
// prompts that no edit covers.

extension Bench {
    /// What the model comes to on `probes`.
    mutating func ask(
        _ probes: [Probe], at moment: ProbeOutcome.Moment
    ) async throws -> [ProbeOutcome] {
        var outcomes = probes.map { ProbeOutcome($0, at: moment) }
        try await noteAnswers(&outcomes)
        let likelihoods = try await noteScores(&outcomes)
        try await notePreferences(&outcomes, of: likelihoods)
        try await noteLocality(&outcomes)
        return outcomes
    }

    /// Greedy generation, and what the gate decided on the way.
    ///
    /// - Parameter oracle: for a prompt the edit whose expert answers, past the routing.
    func noteAnswers(
        _ outcomes: inout [ProbeOutcome], oracle: [String: String] = [:]
    ) async throws {
        let answers = try await model.answer(
            outcomes.map(\.probe.prompt), options: generation, oracle: oracle)
        for (index, answer) in answers.enumerated() {
            outcomes[index].noteGenerated(answer.text)
            outcomes[index].trace = answer.trace
        }
    }

    /// Teacher-forced scores of the target, where an edit covers the prompt.
    ///
    /// - Returns: how likely it is, by the place among `outcomes`.
    func noteScores(
        _ outcomes: inout [ProbeOutcome], oracle: [String: String] = [:]
    ) async throws -> [Int: Likelihood] {
        let covered = outcomes.indices.filter { outcomes[$0].probe.kind.isCovered }
        let scores = try await model.score(
            covered.map { (outcomes[$0].probe.prompt, outcomes[$0].probe.target!) }, oracle: oracle)
        for (index, score) in zip(covered, scores) { outcomes[index].noteForced(score.isRight) }
        return Dictionary(uniqueKeysWithValues: zip(covered, scores.map(\.likelihood)))
    }

    /// Whether the target is likelier than the former answer, where there is one.
    private func notePreferences(
        _ outcomes: inout [ProbeOutcome], of likelihoods: [Int: Likelihood]
    ) async throws {
        let both = likelihoods.keys.filter { outcomes[$0].probe.formerAnswer != nil }.sorted()
        let former = try await model.score(
            both.map { (outcomes[$0].probe.prompt, outcomes[$0].probe.formerAnswer!) })
        for (index, score) in zip(both, former) {
            outcomes[index].notePreference(new: likelihoods[index]!, old: score.likelihood)
        }
    }

    /// Whether prompts that no edit covers are answered as the unedited model answers them.
    private mutating func noteLocality(_ outcomes: inout [ProbeOutcome]) async throws {
        let outside = outcomes.indices.filter { !outcomes[$0].probe.kind.isCovered }
        let prompts = outside.map { outcomes[$0].probe.prompt }
        let new = Array(Set(prompts).subtracting(baseAnswers.keys)).sorted()
        for (prompt, answer) in zip(
            new, try await model.answer(new, options: generation, edited: false))
        {
            baseAnswers[prompt] = answer.text
        }
        let unchanged = try await model.isUnchanged(prompts)
        for (place, index) in outside.enumerated() {
            // Greedy texts agree exactly when every argmax along the base's answer does.
            outcomes[index].noteAgreement(
                [outcomes[index].generated == baseAnswers[prompts[place]]],
                isBitEqual: unchanged[place])
        }
    }

    private var generation: AnswerOptions { AnswerOptions(maximumTokens: options.maximumTokens) }
}

extension ProbeScore {
    fileprivate var likelihood: Likelihood {
        Likelihood(log: logLikelihood, tokens: isRight.count)
    }
}
