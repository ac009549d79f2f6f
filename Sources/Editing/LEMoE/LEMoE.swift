package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, E experts, k experts a row, d width of the residual stream.

/// Lifelong editing with one expert a batch (LEMoE, arXiv 2406.20030).
///
/// Experts stand beside the frozen MLP of one block, and each batch of edits adds one, with a *key*.
/// A prompt is sent as a whole to the expert whose key is most like the prompt's *value*, a
/// projection of the mean of its tokens' embeddings, which no edit can change; which of its tokens
/// count can change under `entity` pooling, where a later edit brings a longer subject. Similar
/// edits are planned into one batch, because only then can such a key tell them from others.
///
/// The functions below are the method; `Expert`, `KeyValueRouter`, `OrderPlanner` its parts.
package struct LEMoE: ConfigurableMethod, OracleRouting {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: LEMoEConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    /// One for each batch so far, all frozen.
    var experts: [Expert] = []
    var router: KeyValueRouter
    var memory = RouteMemory()
    var subjects = SubjectIndex()
    /// Draws what the next expert starts from, and shuffles.
    var random: SplitMix64
    /// Prompts whose expert is told from outside, for ``knowing(_:)``.
    var oracle: [[Int]: RouteMemory.Row] = [:]

    /// The experts stand beside the MLP here.
    package var seam: Site { Site(block: config.block, part: .whole) }

    package var taps: [Site] {
        config.queryBlock.map { [Site(block: $0, part: .whole)] } ?? []
    }

    package mutating func prepare() throws {}

    /// Batches of similar edits, all of one size but the last.
    package func plan(_ edits: [EditRecord]) throws -> [[Int]]? {
        guard config.plansOrder, edits.count > config.editsPerExpert else {
            return Array(edits.indices).chunks(of: config.editsPerExpert)
        }
        var planner = OrderPlanner(batchSize: config.editsPerExpert, seed: seed)
        (planner.order, planner.restarts) = (config.order, config.restarts)
        var subjects = subjects
        for edit in edits { insert(edit.subject, into: &subjects) }
        let prompts = edits.map { tokenizer.encode($0.prompt) }
        let flat = try embeddings(prompts, subjects: subjects).floats()
        return planner.batches(flat.chunks(of: flat.count / edits.count))
    }

    /// Learns `edits` as one batch, with one new expert.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        guard !edits.isEmpty else { return }
        let rows = edits.flatMap(\.rows)
        let encoded = try rows.encoded(for: model, tokenizer)
        for edit in edits { insert(edit.subject, into: &subjects) }
        let losses = try teach(
            encoded, editIDs: rows.map(\.editID), newcomer: newcomer())
        try onProgress(
            LearningProgress(
                edits: edits.count, totalEdits: edits.count, losses: losses))
    }

    /// Sends each prompt to an expert, or leaves it to the unedited model where a guard says so.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard !experts.isEmpty else {
            return Decision(adaptation: nil, traces: prompts.map { _ in .unedited })
        }
        return try withoutGradients {
            let embeddings = try embeddings(prompts, subjects: subjects, prefix: prefix)  // [B, d]
            let routes = try routes(embeddings, prompts: prompts)
            let verdicts = try verdicts(embeddings, routes: routes, prompts: prompts)
            let traces = zip(verdicts, routes.choices[0]).map(trace)
            guard verdicts.contains(where: \.isEdited) else {
                return Decision(adaptation: nil, traces: traces)
            }
            let isEdited = verdicts.map(\.isEdited)
            let scope =
                isEdited.allSatisfy { $0 }
                ? nil : try Tensor(isEdited, shape: [isEdited.count], device: model.device)
            return Decision(adaptation: try bypass(routes, scope: scope), traces: traces)
        }
    }

    /// Where the prompts of all edits are routed today.
    package func routing() throws -> RoutingReport? {
        let edits = memory.edits
        guard !edits.isEmpty else { return nil }
        let routes = try routesToday(edits.map(\.prompt))
        func share(_ holds: (RouteMemory.Row, Int) -> Bool) -> Double {
            Double(zip(edits, routes).count { holds($0, $1) }) / Double(edits.count)
        }
        var report = RoutingReport(
            ownExpert: share { $0.expert == $1 }, newestExpert: share { $1 == experts.count - 1 },
            moved: share { $0.route != $1 })
        let batches = Dictionary(grouping: memory.rows.indices) { memory.rows[$0].expert }
        let alike = OrderPlanner.similarities(
            try memory.embeddings!.floats().chunks(of: memory.embeddings!.size(1)),
            batches.sorted { $0.key < $1.key }.map(\.value))
        (report.similarityWithin, report.similarityBetween) = (alike.within, alike.between)
        return report
    }

    /// The same editor, which sends these prompts through the experts that learned their edits, with
    /// the weights that those had when their batches were done.
    package func knowing(_ edits: [[Int]: String]) -> LEMoE {
        var knowing = self
        let rows = Dictionary(memory.edits.map { ($0.editID, $0) }) { $1 }
        knowing.oracle = edits.compactMapValues { rows[$0] }
        return knowing
    }

    private func insert(_ subject: String?, into subjects: inout SubjectIndex) {
        guard config.pooling == .entity, let subject, !subject.isEmpty else { return }
        subjects.insert(subject, tokenizer: tokenizer)
    }
}
