package import Edits
package import LanguageModels
import Torch

// Sizes: B rows, N target tokens, V vocabulary, L adapted layers, E experts a layer, d width of the
// query.

extension ELDER {
    package var rowsPerBatch: Int { config.batchSize }

    /// Learns the rows of `edits`, a few at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        _ = try rows.encoded(for: model, tokenizer)
        try prepare()
        do {
            try learn(rows, of: edits.count, onProgress: onProgress)
        } catch {
            // What was learned before the end is learned, and can be asked for.
            try matchLearnedRows()
            throw error
        }
        try matchLearnedRows()
    }

    private mutating func learn(
        _ rows: [EditRow], of count: Int, onProgress: (LearningProgress) throws -> Void
    ) throws {
        try rows.inBatches(
            of: rowsPerBatch, edits: count, onProgress: onProgress
        ) { places in
            let losses = try teach(places.map { rows[$0] })
            return (losses.count, losses.last)
        }
    }

    /// Lets the match gate know the rows that were learned since it last heard of any.
    private mutating func matchLearnedRows() throws {
        guard let known = gate?.words.count, known < memory.rows.count else { return }
        let heard = memory.rows.dropFirst(known).map { tokenizer.heard($0.prompt) }
        try gate?.insert(heard, queries: memory.queries!)
    }

    /// Calibrates the match gate, where the recipe wants it.
    package mutating func prepare() throws {
        guard config.gate == .match, gate == nil else { return }
        gate = try withoutGradients {
            try MatchGate.calibrated(
                config.matchGate, model: model, tokenizer: tokenizer, tap: taps[0], seed: seed)
        }
    }

    /// The tensors that training changes: A, B and router of every layer; no router where nothing
    /// asks the routers.
    var trained: [Tensor] {
        config.trainsRouters ? tensors : layers.flatMap { [$0.a, $0.b] }
    }

    /// A and B of every layer, and the routers.
    var tensors: [Tensor] {
        layers.flatMap { [$0.a, $0.b] } + [router.weight, router.bias]
    }

    /// The sites whose linear maps are adapted, from the seam up.
    var sites: [Site] {
        config.blocks.map { Site(block: $0, part: config.part.site) }
    }

    /// The frozen model ends at the first adapted map.
    package var seam: Site { sites[0] }

    /// The query is what enters the same map of a lower block.
    package var taps: [Site] { [Site(block: config.queryBlock, part: config.part.site)] }

    /// The query of each row, float32 [B, d]: the tapped input at the prompt's last token.
    func query(_ prefix: PrefixActivations, promptLengths: [Int]) throws -> Tensor {
        try prefix.taps[taps[0]]!.last(of: promptLengths).to(.float32)
    }

    /// One training pass: the hidden states that predict the targets, [N, D], and the routes.
    func pass(
        _ prefix: PrefixActivations, of batch: EditBatch, query: Tensor, assigned: Tensor?
    ) throws -> (hidden: Tensor, routes: Routes) {
        switch config.query {
        case .shared:
            let routes = try router.routes(query, active: config.active)
            let mixture = try mixture(trainingWeights(routes, assigned: assigned))
            return (
                try model.suffix(prefix, adaptation: mixture, at: batch.positions), routes
            )
        case .perLayer:
            let routing = layerwise(batch.promptLengths, assigned: assigned)
            let hidden = try model.suffix(prefix, adaptation: routing, at: batch.positions)
            return (hidden, try routing.routes())
        }
    }

    /// How much each expert counts for each row while training, [B, L, E] or one layer of it.
    func trainingWeights(_ routes: Routes, assigned: Tensor?) throws -> Tensor {
        if config.routeSource == .allocation { return try assigned! / Double(config.active) }
        let forced = config.trainingRouting == .allocation ? assigned : nil
        return try routes.weights(forcing: forced, renormalising: config.renormalisesScores)
    }

    /// The mixture in which experts count as much as `weights` [B, L, E] say.
    func mixture(_ weights: Tensor, scope: Tensor? = nil) throws -> RoutedMixture {
        RoutedMixture(
            sites: sites, layers: layers,
            weights: try weights * (config.alpha / Double(config.rank)), scope: scope)
    }

    /// What is added to the language-model loss (paper eq. 6; Table 4 for the alternatives).
    func guidance(_ routes: Routes, towards allocation: Tensor?) throws -> Tensor {
        switch config.guidance {
        case .allocation:
            try routes.guidanceLoss(towards: allocation!) * config.guidanceWeight
        case .loadBalancing: try routes.balancingLoss() * config.guidanceWeight
        case .off: try Tensor.zeros([], device: model.device)
        }
    }

    /// Whether every target token leads its row by the margin; looked at every few steps only.
    func isLearned(_ logits: Tensor, labels: Tensor, step: Int) throws -> Bool {
        guard let stop = config.earlyStop, step > 0, step % stop.every == 0 else { return false }
        return try logits.leads(at: labels, by: stop.margin)
    }

    /// The pre-assigned code of each row; none where the recipe assigns none.
    mutating func assignedCodes(_ rows: [EditRow]) throws -> [RouteCode] {
        try rows.compactMap { row in
            try allocationKey(row).map { try allocator.reserve($0) }
        }
    }

    /// What rows share a pre-assigned code by; nil where codes are not pre-assigned.
    func allocationKey(_ row: EditRow) -> String? {
        switch config.allocation {
        case .label: row.target
        case .fact: row.factKey
        case .unassigned: nil
        }
    }

    /// Codes as ones and zeros, [B, L, E]; nil for none.
    func oneHot(_ codes: [RouteCode]) throws -> Tensor? {
        guard !codes.isEmpty else { return nil }
        let bits = codes.flatMap { code in
            (0..<code.layers).flatMap { layer in
                (0..<code.experts).map { code.contains($0, layer: layer) ? Float(1) : 0 }
            }
        }
        return try Tensor(
            bits, shape: [codes.count, config.layers, config.experts], device: model.device)
    }

    /// Notes the new rows, which were the first of the batch.
    mutating func remember(_ new: [EditRow], after round: Round) throws {
        let codes =
            config.codeStorage == .allocation ? round.assigned : try round.routes!.codes()
        try memory.remember(
            new, queries: round.query.narrowed(dim: 0, start: 0, length: new.count),
            codes: Array(codes.prefix(new.count)))
        guard config.codeStorage == .refreshed else { return }
        try withoutGradients {
            let current = try router.routes(memory.queries!, active: config.active).codes()
            memory.replaceCodes(current)
        }
    }

    /// Steps between two samples of what is rehearsed.
    var roundSteps: Int { config.replayRows > 0 ? config.replaySteps : config.steps }
}

/// What some steps on one batch came to.
struct Round {
    let query: Tensor  // [B, d]
    let assigned: [RouteCode]
    /// The routes of the last step; nil before the first.
    var routes: Routes?
    var losses: [Double] = []
    /// Whether every target token led by the margin, so that no step was needed.
    var isLearned = false
}

extension ELDERConfig {
    /// The step size for one step of a batch, counted from zero.
    func learningRate(atStep step: Int) -> Double {
        guard let decay = learningRateDecay else { return learningRate }
        return (0..<step / decay.every).reduce(learningRate) { rate, _ in rate * decay.factor }
    }
}

extension ELDERConfig.Part {
    var site: FeedForwardPart { self == .expansion ? .expansion : .contraction }
}
