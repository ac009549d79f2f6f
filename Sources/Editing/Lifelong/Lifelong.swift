import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B prompts, N target tokens, V vocabulary, n edits, m inner width of an expert, d width of
// the residual stream.

/// Lifelong editing with an expert for every fact, which no other edit can change.
///
/// An edit is a tiny MLP (m = 4) beside one frozen MLP, trained alone until the model says the
/// target. Whether a prompt asks for a fact is decided without it: by the subject's name, which
/// tells facts of one kind apart, and by what the unedited model would answer, which tells the
/// questions about one subject apart. So an edit depends on nothing but itself and the base model: the thousandth is learned
/// like the first, in any order to the same bits, and taking one back is leaving it out.
///
/// From ELDER it has the deferral of what no edit covers, from LEMoE the frozen expert beside an
/// MLP and routes that cannot drift. `Documentation/LifelongAtScale.md` has the measurements.
package struct Lifelong: ConfigurableMethod, StandaloneEdits, OracleRouting {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: LifelongConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    var facts: [Fact] = []
    /// Finds the fact that a prompt asks for; nil before it is calibrated.
    var gate: FactGate?
    /// Prompts whose edit is told from outside, for ``knowing(_:)``.
    var oracle: [[Int]: Int] = [:]

    /// What an edit comes to.
    struct Fact {
        let lesson: Lesson
        /// In bfloat16.
        let expert: Expert
        /// What the unedited model would say to each wording.
        let expectations: [ExpectedAnswer]
    }

    /// What an edit says, and all that its expert follows from.
    struct Lesson: Codable, Equatable {
        let rows: [EditRow]
        let subject: String?
    }

    /// Teaches one edit to an expert of its own.
    ///
    /// Every edit starts from the same draw, so nothing that was learned before matters.
    func taught(_ lesson: Lesson) throws -> (fact: Fact, losses: [Double]) {
        let rows = try lesson.rows.encoded(for: model, tokenizer)
        var random = SplitMix64(seed: seed)
        let newborn = try Expert(
            width: config.expertWidth, model: model, deviation: config.initialDeviation,
            random: &random
        ).mirrored()
        let (expert, expectations, losses) = try fit(newborn, to: rows)
        // Half the bytes; what rounding moves is far below the margin.
        let stored = try expert.mapped { try $0.to(.bfloat16) }
        return (Fact(lesson: lesson, expert: stored, expectations: expectations), losses)
    }

    /// Trains a copy of `expert` until the model says the rows' targets; also returns what it would
    /// have said without, and the loss of each step.
    func fit(
        _ expert: Expert, to rows: [EncodedRow]
    ) throws -> (expert: Expert, expectations: [ExpectedAnswer], losses: [Double]) {
        let batch = try EditBatch(rows, device: model.device)
        // Below the seam nothing is trained, so one pass serves all steps.
        let (prefix, expectations) = try withoutGradients {
            let prefix = try model.prefix(batch.tokens, upTo: seam)
            let answers = try answers(prefix, promptLengths: batch.promptLengths)
            return (prefix, try [ExpectedAnswer](answers, keeping: config.answerTokens))
        }
        let expert = try expert.mapped { try $0.copy().requireGradient() }
        let bypass = try bypass([expert], rows: rows.map { _ in 0 })
        var optimizer = Adam(
            parameters: expert.tensors.map(\.tensor), learningRate: config.learningRate)
        var losses: [Double] = []
        for step in 0..<config.steps {
            let hidden = try model.suffix(
                prefix, adaptation: bypass, at: batch.positions)  // [N, d]
            let logits = try model.logits(hidden)  // [N, V]
            let isLookedAt = step > 0 && step % config.marginEvery == 0
            if try isLookedAt && logits.leads(at: batch.labels, by: config.margin) { break }
            let loss = try Tensor.crossEntropy(logits, labels: batch.labels)
            try loss.backward()
            try optimizer.step()
            losses.append(try loss.item())
        }
        return (try expert.mapped { try $0.detached() }, expectations, losses)
    }

    /// Sends each prompt through the expert of the fact it asks for, or leaves it to the unedited
    /// model.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard let gate, !facts.isEmpty else {
            return Decision(adaptation: nil, traces: prompts.map { _ in .unedited })
        }
        return try withoutGradients {
            let scopes = try zip(prompts, matches(prefix, prompts, gate)).map { prompt, match in
                oracle[prompt].map { .edited(Match(index: $0, distance: 0)) }
                    ?? Scope(match, threshold: 1)
            }
            let traces = scopes.map { scope in
                RouteTrace(
                    scope, nearestEdit: scope.match.map { facts[$0.index].lesson.editID },
                    threshold: 1, gate: .match)
            }
            let chosen = scopes.map { $0.isEdited ? $0.match!.index : nil }
            return Decision(adaptation: try adaptation(chosen), traces: traces)
        }
    }

    /// The nearest fact for each prompt. Only those whose words an edit may be about are answered by
    /// the unedited model first.
    private func matches(
        _ prefix: PrefixActivations, _ prompts: [[Int]], _ gate: FactGate
    ) throws -> [Match?] {
        let candidates = prompts.map { gate.candidates(for: tokenizer.decode($0)) }
        var matches = [Match?](repeating: nil, count: prompts.count)
        let asked = prompts.indices.filter { !candidates[$0].isEmpty }
        guard !asked.isEmpty else { return matches }
        let answers = try answers(
            prefix.rows(asked), promptLengths: asked.map { prompts[$0].count })
        for (row, answer) in zip(asked, try answers.floats().chunks(of: answers.size(-1))) {
            matches[row] = gate.nearest(candidates[row], probabilities: answer)
        }
        return matches
    }

    /// The experts of the chosen facts, each for its rows; nil where none was chosen.
    private func adaptation(_ chosen: [Int?]) throws -> ExpertBypass? {
        let used = Set(chosen.compactMap(\.self)).sorted()
        guard !used.isEmpty else { return nil }
        let places = Dictionary(uniqueKeysWithValues: zip(used, used.indices))
        let isEdited = chosen.map { $0 != nil }
        return try bypass(
            used.map { try facts[$0].expert.mapped { try $0.to(.float32) } },
            // A deferred row is computed with any expert and then left as it was.
            rows: chosen.map { $0.map { places[$0]! } ?? 0 },
            scope: isEdited.allSatisfy(\.self)
                ? nil : Tensor(isEdited, shape: [isEdited.count], device: model.device))
    }

    private func bypass(
        _ experts: [Expert], rows: [Int], scope: Tensor? = nil
    ) throws -> ExpertBypass {
        ExpertBypass(
            site: seam, experts: experts, choices: [rows],
            gates: try Tensor.ones([rows.count, 1], device: model.device), scope: scope)
    }
}

extension Lifelong.Lesson {
    init(_ edit: EditRecord) {
        self.init(rows: edit.rows, subject: edit.subject)
    }

    var editID: String { rows[0].editID }
}
