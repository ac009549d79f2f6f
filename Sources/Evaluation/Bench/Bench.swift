package import Edits
package import Errata

/// One protocol for every method: the same edits, the same probes, the same base model.
///
/// The stream is applied in order; each edit is probed right after its batch, if wanted, and every
/// edit again at the end.
package struct Bench {
    package let model: EditableModel
    package let edits: [SplitEdit]
    /// Prompts far from any edit, asked at the end beside the edits' own.
    package let unrelated: [LocalityProbe]
    package let options: Options
    /// What the unedited model answers to prompts that no edit covers, by prompt: asked once, however
    /// many methods run.
    private var baseAnswers: [String: String] = [:]

    /// What is measured beyond the end of the stream.
    package struct Options: Sendable {
        /// Edits between two rounds of probing right after the edit; nil for none.
        package var probeEvery: Int?
        /// The most tokens of a generated answer.
        package var maximumTokens = 24

        package init() {}
    }

    /// What a run has come to.
    package struct Progress: Sendable {
        package enum Stage: String, Sendable { case editing, probing }
        package let method: String
        package let stage: Stage
        package let done: Int
        package let total: Int
    }

    package init(
        model: EditableModel, edits: [SplitEdit], unrelated: [LocalityProbe] = [],
        options: Options = Options()
    ) {
        self.model = model
        self.edits = edits
        self.unrelated = unrelated
        self.options = options
    }

    /// Runs one method over the stream, from the unedited model.
    ///
    /// - Parameter onProgress: an error thrown from it ends the run.
    package mutating func run(
        _ name: String, editor: Editor,
        onProgress: @escaping @Sendable (Progress) throws -> Void = { _ in }
    ) async throws -> (row: MethodRow, outcomes: [ProbeOutcome]) {
        try await model.restart(with: editor)
        let isEdited = editor != .unedited
        let total = edits.count
        var outcomes: [ProbeOutcome] = []
        var cost = Cost()
        var done = 0
        for batch in isEdited ? try await batches() : [] {
            let before = done
            cost.add(
                try await model.apply(batch.map { edits[$0].edit }, options: .unchecked) {
                    progress in
                    try onProgress(
                        Progress(
                            method: name, stage: .editing, done: before + progress.edits,
                            total: total))
                })
            done += batch.count
            guard options.probeEvery != nil else { continue }
            // What no edit covers is asked at the end, when the most has been learned.
            outcomes += try await ask(
                batch.flatMap(probes).filter(\.kind.isCovered), at: .afterEdit)
        }
        let all = edits.indices.flatMap(probes) + unrelatedProbes
        for part in stride(from: 0, to: all.count, by: 512) {
            try onProgress(
                Progress(method: name, stage: .probing, done: part, total: all.count))
            outcomes += try await ask(Array(all[part..<min(part + 512, all.count)]), at: .atEnd)
        }
        var row = MethodRow(
            method: name, edits: isEdited ? edits.count : 0, rows: cost.rows, outcomes: outcomes)
        try await cost.fill(&row, from: model)
        row.routing = try await model.routing()
        if await model.routesByEdit { row.oracle = try await oracleScores() }
        return (row, outcomes)
    }

    /// The edits in the order in which the method wants them, cut where they are probed.
    private func batches() async throws -> [[Int]] {
        let all = Array(edits.indices)
        if let plan = try await model.plan(edits.map(\.edit)) { return plan }
        let size = options.probeEvery ?? edits.count
        return stride(from: 0, to: all.count, by: size).map {
            Array(all[$0..<min($0 + size, all.count)])
        }
    }

    /// The scores with every prompt sent to the expert of its own edit: how good the experts are,
    /// however well they are found.
    private func oracleScores() async throws -> OracleScores {
        let probes = edits.indices.flatMap(probes).filter(\.kind.isCovered)
        let owners = Dictionary(probes.map { ($0.prompt, $0.edit) }) { $1 }
        var outcomes = probes.map { ProbeOutcome($0, at: .atEnd) }
        let answers = try await model.answer(
            probes.map(\.prompt), options: generation, oracle: owners)
        let scores = try await model.score(
            probes.map { ($0.prompt, $0.target!) }, oracle: owners)
        for index in outcomes.indices {
            outcomes[index].noteGenerated(answers[index].text)
            outcomes[index].noteForced(scores[index].isRight)
        }
        return OracleScores(
            reliability: Scores(outcomes.filter { $0.probe.kind == .edit }),
            generalization: Scores(outcomes.filter { $0.probe.kind == .rephrase }))
    }

    private func probes(_ index: Int) -> [Probe] { edits[index].probes(index: index) }

    private var unrelatedProbes: [Probe] {
        unrelated.enumerated().map { number, probe in
            Probe(
                edit: "", index: 0, kind: .unrelated, number: number, prompt: probe.prompt,
                target: probe.answer, formerAnswer: nil)
        }
    }

    private mutating func ask(
        _ probes: [Probe], at moment: ProbeOutcome.Moment
    ) async throws -> [ProbeOutcome] {
        var outcomes = probes.map { ProbeOutcome($0, at: moment) }
        try await noteAnswers(&outcomes)
        try await noteScores(&outcomes)
        try await noteLocality(&outcomes)
        return outcomes
    }

    /// Greedy generation, and what the gate decided on the way.
    private func noteAnswers(_ outcomes: inout [ProbeOutcome]) async throws {
        let answers = try await model.answer(
            outcomes.map(\.probe.prompt), options: generation)
        for (index, answer) in answers.enumerated() {
            outcomes[index].noteGenerated(answer.text)
            outcomes[index].trace = answer.trace
        }
    }

    /// Teacher-forced scores of the new and, where there is one, the former answer.
    private func noteScores(_ outcomes: inout [ProbeOutcome]) async throws {
        let covered = outcomes.indices.filter { outcomes[$0].probe.kind.isCovered }
        let scores = try await model.score(
            covered.map { (outcomes[$0].probe.prompt, outcomes[$0].probe.target!) })
        for (index, score) in zip(covered, scores) { outcomes[index].noteForced(score.isRight) }
        let both = zip(covered, scores).filter { outcomes[$0.0].probe.formerAnswer != nil }
        let former = try await model.score(
            both.map { (outcomes[$0.0].probe.prompt, outcomes[$0.0].probe.formerAnswer!) })
        for ((index, score), old) in zip(both, former) {
            outcomes[index].notePreference(new: score.likelihood, old: old.likelihood)
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

/// What the edits of one method cost.
private struct Cost {
    var rows = 0
    var seconds: [Double] = []
    var steps: [Double] = []
    var cpuSeconds = 0.0

    mutating func add(_ report: ApplyReport) {
        rows += report.rows
        cpuSeconds += report.cpuSeconds
        for batch in report.batches where batch.edits > 0 {
            seconds += Array(repeating: batch.seconds / Double(batch.edits), count: batch.edits)
            steps += Array(
                repeating: Double(batch.steps) / Double(batch.edits), count: batch.edits)
        }
    }

    func fill(_ row: inout MethodRow, from model: EditableModel) async throws {
        let summary = try await model.summary
        row.trainableParameters = summary.trainableParameters
        row.distinctCodes = await model.distinctCodes
        row.secondsPerEdit = Spread(seconds)
        row.cpuSecondsPerEdit = row.edits == 0 ? nil : cpuSeconds / Double(row.edits)
        row.stepsPerEdit = Spread(steps)
        row.bytesPerEdit =
            row.edits == 0
            ? nil : Double(summary.constantBytes + summary.growingBytes) / Double(row.edits)
        row.peakMemoryBytes = peakMemoryBytes()
    }
}

extension ProbeScore {
    fileprivate var likelihood: Likelihood {
        Likelihood(log: logLikelihood, tokens: isRight.count)
    }
}
