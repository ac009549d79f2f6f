import Edits
import LanguageModels
import Torch

// Sizes: B rows, E experts, k experts a row, n stored rows, d width of an embedding.

/// What a batch adds to the method: an expert and what finds it.
struct Newcomer {
    var expert: Expert
    /// [d].
    var key: Tensor
    /// One of its own, where every expert has one.
    var projection: ValueProjection?
}

extension LEMoE {
    /// An expert that adds nothing yet, and its key, freshly drawn.
    mutating func newcomer() throws -> Newcomer {
        let expert = try Expert(
            width: config.expertWidth, model: model, deviation: config.initialDeviation,
            random: &random)
        let key = try Tensor.normal(
            [model.configuration.width], deviation: config.keyDeviation, seed: random.next(),
            device: model.device)
        let projection =
            config.projection == .perExpert
            ? try ValueProjection(
                width: model.configuration.width, bottleneck: config.bottleneck,
                device: model.device, random: &random) : nil
        return Newcomer(expert: expert, key: key, projection: projection)
    }

    /// Trains a newcomer on a batch, freezes it, and returns the loss of each step.
    ///
    /// Everything older is left alone, but for a shared projection that the recipe goes on training.
    mutating func teach(
        _ rows: [EncodedRow], editIDs: [String], newcomer: Newcomer
    ) throws -> [Double] {
        // Tensors are shared between copies of this value: what is trained is a copy, and takes
        // its place at the end.
        var pupil = self
        let (prompts, first) = (rows.map(\.prompt), memory.rows.count)
        let embeddings = try embeddings(prompts, subjects: subjects)  // [B, d]
        try pupil.admit(newcomer, embeddings: embeddings)
        let current = pupil.experts.count - 1
        try pupil.memory.remember(
            zip(editIDs, prompts).map {
                RouteMemory.Row(editID: $0, prompt: $1, expert: current)
            }, embeddings: embeddings)

        var rehearsing = SplitMix64(seed: pupil.random.next())
        var shuffling = pupil.random
        let learner = pupil
        let losses = try fit(
            rows, experts: learner.experts[current].tensors.map(\.tensor),
            routing: learner.trainedRouting, random: &shuffling
        ) { places in
            let index = try Tensor(places, shape: [places.count], device: model.device)
            let own = try embeddings.selected(dim: 0, index: index)
            return (
                try learner.bypass(learner.trainingRoutes(own), scope: nil),
                try learner.rehearsal(own, older: first, random: &rehearsing)
            )
        }
        pupil.random = shuffling
        try pupil.freeze()
        let routes = try withoutGradients { try pupil.learnedRoutes(embeddings) }
        pupil.memory.note(routes: routes.best, gates: routes.gates, from: first)
        self = pupil
        return losses
    }

    private var fit: BypassFit {
        BypassFit(
            model: model, site: seam, batchSize: config.batchSize, epochs: config.epochs,
            stopLoss: config.stopLoss, learningRate: config.learningRate,
            expertDecay: config.expertDecay, clipNorm: config.clipNorm)
    }

    /// Adds what a batch brings, ready to be trained.
    private mutating func admit(_ newcomer: Newcomer, embeddings: Tensor) throws {
        experts.append(
            try newcomer.expert.mapped { try $0.copy().requireGradient() })
        let trains = config.projection.trainsKeys
        let key = trains ? newcomer.key : try embeddings.mean(dim: 0)
        router.keys.append(try key.copy().requireGradient(trains))
        if let own = newcomer.projection { router.projections.append(own) }
        guard config.projection.trainsProjection, let last = router.projections.last else { return }
        router.projections[router.projections.count - 1] =
            try last.mapped { try $0.copy().requireGradient() }
    }

    /// The key and the projection in training.
    private var trainedRouting: [Tensor] {
        let projection = router.projections.last.map { [$0.down, $0.up] } ?? []
        return ([router.keys.last!] + projection).filter(\.requiresGradient)
    }

    /// No tensor of a batch that is done collects gradients.
    private mutating func freeze() throws {
        experts = try experts.map { try $0.mapped { try $0.detached() } }
        router.keys = try router.keys.map { try $0.detached() }
        router.projections = try router.projections.map { try $0.mapped { try $0.detached() } }
    }

    /// The cross-entropy that keeps embeddings with their experts while a shared projection is
    /// trained: of some rows of older batches, and of those at hand.
    private func rehearsal(
        _ own: Tensor, older count: Int, random: inout SplitMix64
    ) throws -> Tensor? {
        guard config.projection == .sharedReplay, experts.count > 1 else { return nil }
        let places = random.subset(of: count, count: min(count, config.replayRows))
        let index = try Tensor(places, shape: [places.count], device: model.device)
        let embeddings = try Tensor.concatenated(
            [memory.embeddings!.selected(dim: 0, index: index), own], dim: 0)
        let labels =
            places.map { memory.rows[$0].expert }
            + Array(repeating: experts.count - 1, count: own.size(0))
        let loss = try Tensor.crossEntropy(
            scores(embeddings), labels: Tensor(labels, shape: [labels.count], device: model.device))
        return try loss * config.replayWeight
    }
}
