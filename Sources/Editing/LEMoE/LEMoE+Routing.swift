import Edits
import LanguageModels
import Torch

// Sizes: B rows, E experts, k experts a row, n stored rows, d width of an embedding.

/// Which experts the rows of a batch go through.
struct ExpertRoutes {
    /// Best first: k lists of B.
    var choices: [[Int]]
    /// How much each counts: [B, k].
    var gates: Tensor
    /// The scores of all experts before the softmax: [B, E].
    let scores: Tensor
}

extension LEMoE {
    /// How well each embedding goes with each expert, before the softmax: [B, E].
    func scores(_ embeddings: Tensor) throws -> Tensor {
        let scores =
            config.projection == .anchors
            ? try anchorScores(embeddings)
            : try router.similarities(embeddings, as: config.similarity, center: center())
        return try scores / config.temperature
    }

    /// The similarity to the nearest row of each expert: [B, E].
    private func anchorScores(_ embeddings: Tensor) throws -> Tensor {
        let all = try config.similarity.between(
            embeddings, memory.embeddings!, center: center())  // [B, n]
        let columns = try experts.indices.map { expert in
            let places = memory.rows.indices.filter { memory.rows[$0].expert == expert }
            let index = try Tensor(places, shape: [places.count], device: model.device)
            return try all.selected(dim: 1, index: index).max(dim: 1).values
        }
        return try Tensor.stacked(columns, dim: 1)
    }

    /// The mean stored embedding, [d], where the recipe centres.
    private func center() throws -> Tensor? {
        config.similarity == .centredCosine ? try memory.embeddings!.mean(dim: 0) : nil
    }

    /// Probabilities of the experts (LEMoE section 4.2), [B, E]: they sum to one, less what an
    /// expert that adds nothing takes.
    func probabilities(_ scores: Tensor) throws -> Tensor {
        guard config.scopeGuard == .null else { return try scores.softmax(dim: -1) }
        let null = try Tensor.zeros([scores.size(0), 1], device: scores.device)
        return try Tensor.concatenated([scores, null], dim: 1).softmax(dim: -1)
            .narrowed(dim: 1, start: 0, length: scores.size(1))
    }

    /// The routes of rows that the newest expert is learning.
    func trainingRoutes(_ embeddings: Tensor) throws -> ExpertRoutes {
        let scores = try scores(embeddings)
        switch config.trainRoute {
        case .argmax: return try best(config.active, of: scores)
        case .soft: return try best(experts.count, of: scores)
        case .forcedCurrent:
            let rows = scores.size(0)
            return try routes(
                choices: [Array(repeating: experts.count - 1, count: rows)], scores: scores)
        }
    }

    /// The routes of prompts while answering.
    func routes(_ embeddings: Tensor, prompts: [[Int]]) throws -> ExpertRoutes {
        let scores = try scores(embeddings)
        var routes = try best(config.active, of: scores)
        guard prompts.contains(where: { oracle[$0] != nil }) else { return routes }
        var gates = try routes.gates.floats()
        for (row, prompt) in prompts.enumerated() {
            guard let told = oracle[prompt] else { continue }
            for rank in routes.choices.indices {
                routes.choices[rank][row] = told.expert
                gates[row * routes.choices.count + rank] = rank == 0 ? told.gate : 0
            }
        }
        routes.gates = try Tensor(gates, shape: routes.gates.shape, device: model.device)
        return routes
    }

    private func best(_ count: Int, of scores: Tensor) throws -> ExpertRoutes {
        let count = min(count, scores.size(1))
        let flat = try withoutGradients { try scores.topK(count, dim: 1).indices.ints() }
        let choices = (0..<count).map { rank in
            stride(from: rank, to: flat.count, by: count).map { flat[$0] }
        }
        return try routes(choices: choices, scores: scores)
    }

    /// Gates for given choices: the probabilities, scaled to sum to one where the recipe says so.
    private func routes(choices: [[Int]], scores: Tensor) throws -> ExpertRoutes {
        let flat = choices[0].indices.flatMap { row in choices.map { $0[row] } }
        let index = try Tensor(
            flat, shape: [choices[0].count, choices.count], device: model.device)
        let kept = try probabilities(scores).gathered(dim: 1, index: index)  // [B, k]
        let gates =
            config.renormalisesScores ? try kept / kept.sum(dim: 1, keepDim: true) : kept
        return ExpertRoutes(choices: choices, gates: gates, scores: scores)
    }

    /// The experts beside the MLP, with the routes of one batch.
    func bypass(_ routes: ExpertRoutes, scope: Tensor?) throws -> ExpertBypass {
        ExpertBypass(
            site: seam, experts: experts, choices: routes.choices,
            gates: try routes.gates * config.scale, scope: scope)
    }

    /// For rows that the newest expert has learned: the best expert of each, and how much the
    /// newest counts.
    func learnedRoutes(_ embeddings: Tensor) throws -> (best: [Int], gates: [Float]) {
        let scores = try scores(embeddings)
        let gates = try routes(
            choices: [Array(repeating: experts.count - 1, count: scores.size(0))], scores: scores
        ).gates.floats()
        return (try scores.topK(1, dim: 1).indices.ints(), gates)
    }

    /// The best expert of each prompt, as the router has it now.
    func routesToday(_ prompts: [[Int]]) throws -> [Int] {
        try withoutGradients {
            try scores(embeddings(prompts, subjects: subjects)).topK(1, dim: 1).indices.ints()
        }
    }
}

// MARK: - Guards

extension LEMoE {
    /// Whether a prompt goes through experts, and why.
    struct Verdict {
        var scope: Scope?
        var nearestEdit: String?
        var isEdited: Bool
    }

    /// What the recipe's guard says of each prompt; a prompt whose expert is told is never deferred.
    func verdicts(
        _ embeddings: Tensor, routes: ExpertRoutes, prompts: [[Int]]
    ) throws -> [Verdict] {
        let verdicts =
            switch config.scopeGuard {
            case .off: prompts.map { _ in Verdict(isEdited: true) }
            case .null: try nullVerdicts(routes)
            case .key: try keyVerdicts(embeddings, routes)
            case .edit: try editVerdicts(embeddings)
            }
        return zip(verdicts, prompts).map {
            oracle[$1] == nil ? $0 : Verdict(isEdited: true)
        }
    }

    private func nullVerdicts(_ routes: ExpertRoutes) throws -> [Verdict] {
        // An expert must beat the null expert, whose score is zero.
        try routes.scores.max(dim: 1).values.floats().map { Verdict(isEdited: $0 > 0) }
    }

    private func keyVerdicts(_ embeddings: Tensor, _ routes: ExpertRoutes) throws -> [Verdict] {
        let experts = memory.rows.map(\.expert)
        var least = [Float](repeating: 1, count: self.experts.count)
        for (cosine, expert) in zip(try keyCosines(memory.embeddings!, experts), experts) {
            least[expert] = min(least[expert], cosine)
        }
        return zip(try keyCosines(embeddings, routes.choices[0]), routes.choices[0]).map {
            let threshold = Double(least[$1]) - config.guardMargin
            return verdict(cosine: Double($0), threshold: threshold, match: 0, edit: nil)
        }
    }

    /// The cosine of each row with the key of its expert.
    private func keyCosines(_ embeddings: Tensor, _ experts: [Int]) throws -> [Float] {
        let kind: LEMoEConfig.Similarity =
            config.similarity == .centredCosine ? .centredCosine : .cosine
        let index = try Tensor(experts, shape: [experts.count, 1], device: model.device)
        return try router.similarities(embeddings, as: kind, center: center())
            .gathered(dim: 1, index: index).floats()
    }

    private func editVerdicts(_ embeddings: Tensor) throws -> [Verdict] {
        let kind: LEMoEConfig.Similarity =
            config.similarity == .centredCosine ? .centredCosine : .cosine
        let best = try kind.between(embeddings, memory.embeddings!, center: center())
            .topK(1, dim: 1)
        return zip(try best.values.floats(), try best.indices.ints()).map {
            verdict(
                cosine: Double($0), threshold: config.guardCosine, match: $1,
                edit: memory.rows[$1].editID)
        }
    }

    /// The distance is one minus the cosine, and one at the threshold.
    private func verdict(
        cosine: Double, threshold: Double, match: Int, edit: String?
    ) -> Verdict {
        let distance = max(1 - cosine, 0) / max(1 - threshold, 1e-6)
        let scope = Scope(Match(index: match, distance: distance), threshold: 1)
        return Verdict(scope: scope, nearestEdit: edit, isEdited: scope.isEdited)
    }

    /// A verdict in words.
    func trace(_ verdict: Verdict, route: Int) -> RouteTrace {
        guard let scope = verdict.scope else {
            return verdict.isEdited ? .always(route: "\(route)") : .unedited
        }
        var trace = RouteTrace(
            scope, nearestEdit: verdict.nearestEdit, threshold: 1, gate: .radius)
        trace.code = "\(route)"
        return trace
    }
}
