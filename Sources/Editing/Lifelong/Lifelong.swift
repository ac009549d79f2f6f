package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B prompts, N target tokens, V vocabulary, n edits, m inner width of an expert, d width of
// the residual stream.

/// Lifelong editing with an expert for every fact, which no other edit can change.
///
/// An edit is a tiny MLP (m = 4) beside one frozen MLP, trained alone until the model says the
/// target. Whether a prompt asks for a fact is decided without it: by the subject's name, which
/// tells facts of one kind apart, and by what the base model makes of the prompt, which tells kinds
/// apart. So an edit depends on nothing but itself and the base model: the thousandth is learned
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
        /// What the model makes of each wording, [d] each.
        let queries: [[Float]]
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
            random: &random)
        let (expert, queries, losses) = try fit(newborn, to: rows)
        // Half the bytes; what rounding moves is far below the margin.
        let stored = try expert.mapped { try $0.to(.bfloat16) }
        return (Fact(lesson: lesson, expert: stored, queries: queries), losses)
    }

    /// Trains a copy of `expert` until the model says the rows' targets; also returns the rows'
    /// queries and the loss of each step.
    func fit(
        _ expert: Expert, to rows: [EncodedRow]
    ) throws -> (expert: Expert, queries: [[Float]], losses: [Double]) {
        let batch = try EditBatch(rows, device: model.device)
        // Below the seam nothing is trained, so one pass serves all steps.
        let prefix = try withoutGradients {
            try model.prefix(batch.tokens, upTo: seam, taps: taps)
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
        return (
            try expert.mapped { try $0.detached() },
            try queries(prefix, promptLengths: batch.promptLengths), losses
        )
    }

    /// Sends each prompt through the expert of the fact it asks for, or leaves it to the unedited
    /// model.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard let gate, !facts.isEmpty else {
            return Decision(adaptation: nil, traces: prompts.map { _ in .unedited })
        }
        return try withoutGradients {
            let queries = try queries(prefix, promptLengths: prompts.map(\.count))
            let scopes = zip(prompts, queries).map { prompt, query in
                if let told = oracle[prompt] {
                    return Scope.edited(Match(index: told, distance: 0))
                }
                return Scope(
                    gate.nearest(to: tokenizer.decode(prompt), query: query), threshold: 1)
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
