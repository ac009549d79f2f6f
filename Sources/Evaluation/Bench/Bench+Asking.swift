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
        let likelihoods = try await noteAnswers(&outcomes)
        try await notePreferences(&outcomes, of: likelihoods)
        try await noteLocality(&outcomes)
        return outcomes
    }

    /// Greedy generation, what the gate decided on the way, and the target's teacher-forced scores.
    ///
    /// - Parameter oracle: for a prompt the edit whose expert answers, past the routing.
    /// - Returns: how likely the target is where an edit covers the prompt, by the place among
    ///   `outcomes`.
    func noteAnswers(
        _ outcomes: inout [ProbeOutcome], oracle: [String: String] = [:]
    ) async throws -> [Int: Likelihood] {
        let answers = try await model.answer(
            outcomes.map(\.probe.prompt), options: generation, oracle: oracle)
        for (index, answer) in answers.enumerated() {
            outcomes[index].noteGenerated(answer.text)
            outcomes[index].trace = answer.trace
        }
        let likelihoods = try await noteScores(&outcomes, oracle: oracle)
        try await noteLongAnswers(&outcomes, to: likelihoods, oracle: oracle)
        return likelihoods
    }

    /// Greedy generation once more where the target fills it or does not fit: with room for one
    /// token after the longest target, since an answer is the target only if it ends with it.
    private func noteLongAnswers(
        _ outcomes: inout [ProbeOutcome], to likelihoods: [Int: Likelihood],
        oracle: [String: String]
    ) async throws {
        let long = likelihoods.filter { $0.value.tokens >= options.maximumTokens }
        guard let most = long.values.map(\.tokens).max() else { return }
        let places = long.keys.sorted()
        let answers = try await model.answer(
            places.map { outcomes[$0].probe.prompt },
            options: AnswerOptions(maximumTokens: most + 1), oracle: oracle)
        for (place, answer) in zip(places, answers) { outcomes[place].noteGenerated(answer.text) }
    }

    /// Teacher-forced scores of the target, where an edit covers the prompt.
    private func noteScores(
        _ outcomes: inout [ProbeOutcome], oracle: [String: String]
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
        // Of a blank answer there is no token to score.
        let both = likelihoods.keys.filter {
            outcomes[$0].probe.formerAnswer?.trimmed.isEmpty == false
        }.sorted()
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
