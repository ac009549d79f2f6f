package import LanguageModels

// Sizes: d width of the residual stream, m inner width of an expert, b of the projection, n edits a
// batch, B rows.

/// The hyper-parameters of LEMoE (arXiv 2406.20030).
///
/// The paper's code was never released, so what the paper leaves open is a key here; the comment
/// says which values are published and which are chosen.
package struct LEMoEConfig: Recipe {
    /// The block beside whose MLP the experts stand. Published: 18 of 32, counted from zero.
    package var block: Int
    /// The inner width m of an expert's MLP. Full-size experts are the reading of "FFN expert";
    /// a smaller one costs less.
    package var expertWidth: Int
    /// The standard deviation of a new expert's inner weights; its last map starts at zero.
    package var initialDeviation = 0.02
    /// λ, the weight of the experts beside the frozen MLP. Published: 1.
    package var scale = 1.0

    /// Which tokens of a prompt are averaged into its embedding.
    package var pooling = Pooling.instance
    /// The block whose MLP input is averaged instead of the embedding table's rows; absent for the
    /// table, as published.
    package var queryBlock: Int?
    /// How an embedding becomes what the keys are compared with.
    package var projection = Projection.sharedTrainable
    /// The inner width b of the projection; d/4 where nothing is published.
    package var bottleneck: Int
    /// The standard deviation of a new key.
    package var keyDeviation = 0.01
    /// How a value and a key are compared. Published: the dot product.
    package var similarity = Similarity.dot
    /// What similarities are divided by before the softmax; 1 changes nothing, as published.
    package var temperature = 1.0
    /// Experts a prompt goes through, top-k. Published: 1.
    package var active = 1
    /// Whether the weights of those experts are scaled to sum to one. As published they are not, so
    /// that every new key takes weight from the older experts.
    package var renormalisesScores = false
    /// Which expert a row goes through while its batch is learned.
    package var trainRoute = TrainRoute.forcedCurrent
    /// What leaves a prompt to the unedited model. Published: nothing.
    package var scopeGuard = Guard.off
    /// How far below the least similar edit of its expert a prompt may be, for the guard `key`.
    package var guardMargin = 0.05
    /// The cosine a prompt must have to the nearest edit, for the guard `edit`.
    package var guardCosine = 0.8
    /// How many embeddings of older batches every step of `sharedReplay` rehearses.
    package var replayRows = 64
    /// The weight of the rehearsal's cross-entropy beside the language-model loss.
    package var replayWeight = 1.0

    /// n, the edits of one batch, and so of one expert. The paper has at most five experts, which
    /// makes 200 of its 1,000 edits.
    package var editsPerExpert = 200
    /// Whether batches are planned by K-means; else the edits are cut as they come.
    package var plansOrder = true
    /// In which order the planned batches are learned.
    package var order = OrderPlanner.Order.index
    /// Starts of K-means, of which the best counts.
    package var restarts = 10

    /// Published: 2e-4, with AdamW.
    package var learningRate = 2e-4
    /// AdamW's weight decay of the experts; keys and projection have none.
    package var expertDecay = 0.01
    /// Rows of one optimiser step.
    package var batchSize = 8
    /// Passes over a batch of edits at most.
    package var epochs = 30
    /// A batch is done when the mean loss of a pass is below this, in nats a token.
    package var stopLoss = 0.03
    /// The largest norm that the gradient of one step may have.
    package var clipNorm = 1.0

    /// Which tokens of a prompt are averaged (the paper's ablation).
    package enum Pooling: String, Codable, Sendable, CaseIterable {
        /// All of the prompt.
        case instance
        /// The last one.
        case token
        /// Those of the subject of an edit, where the prompt names one; else all.
        case entity
    }

    /// What stands between an embedding and the keys, and how it is trained.
    package enum Projection: String, Codable, Sendable, CaseIterable {
        /// One for all experts, trained in every batch: the published loss, read literally. The
        /// values of old edits then move under their frozen keys.
        case sharedTrainable
        /// One for each expert, trained with it and then frozen.
        case perExpert
        /// One for all experts, which stays as it was drawn; only the keys are trained.
        case sharedFrozen
        /// One for all experts, trained in every batch and made to send the stored embeddings of
        /// older batches to their own experts.
        case sharedReplay
        /// None: an expert's key is the mean embedding of its batch, and nothing is trained.
        case prototype
        /// None: every embedding of an expert's batch is a key of it, and the nearest one decides.
        case anchors
    }

    /// How a value v and a key k are compared.
    package enum Similarity: String, Codable, Sendable, CaseIterable {
        /// v · k
        case dot
        /// v · k / (|v| |k|)
        case cosine
        /// The same after the value of the mean stored embedding is taken from both.
        case centredCosine
    }

    /// Which experts a row goes through while its batch is learned.
    package enum TrainRoute: String, Codable, Sendable, CaseIterable {
        /// The new one, weighted by its score.
        case forcedCurrent
        /// The best ones, new or old, as when answering.
        case argmax
        /// All of them, weighted by their scores.
        case soft
    }

    /// What leaves a prompt to the unedited model.
    package enum Guard: String, Codable, Sendable, CaseIterable {
        /// Nothing.
        case off
        /// An expert that adds nothing, whose key is zero: it wins where all similarities are below
        /// zero.
        case null
        /// A cosine to the expert's key that is lower than that of all its edits, less a margin.
        case key
        /// A cosine to the nearest edit that is too low.
        case edit
    }

    /// - Throws: `EditError` for a value out of range, or a block that `model` does not have.
    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(block, "block", of: model)
        if let queryBlock {
            // At or above the experts it would no longer be a constant of the prompt.
            try require(
                0...block ~= queryBlock, "queryBlock", "from 0 to `block` (\(block))",
                got: queryBlock)
        }
        for (key, value) in [
            ("expertWidth", expertWidth), ("bottleneck", bottleneck), ("active", active),
            ("replayRows", replayRows), ("editsPerExpert", editsPerExpert),
            ("restarts", restarts), ("batchSize", batchSize), ("epochs", epochs),
        ] {
            try require(value >= 1, key, "of at least 1", got: value)
        }
        for (key, value) in [
            ("temperature", temperature), ("learningRate", learningRate), ("clipNorm", clipNorm),
        ] {
            try require(value > 0 && value.isFinite, key, "above 0", got: value)
        }
        for (key, value) in [
            ("scale", scale), ("initialDeviation", initialDeviation),
            ("keyDeviation", keyDeviation), ("guardMargin", guardMargin),
            ("replayWeight", replayWeight), ("expertDecay", expertDecay), ("stopLoss", stopLoss),
        ] {
            try require(value >= 0 && value.isFinite, key, "of at least 0", got: value)
        }
        try require(-1..<1 ~= guardCosine, "guardCosine", "from -1 to below 1", got: guardCosine)
    }
}

extension LEMoEConfig {
    /// The published method with full-size experts, at the published depth of 18 blocks in 32.
    package static func paper(for model: ModelConfiguration) -> LEMoEConfig {
        LEMoEConfig(
            block: model.blocks * 18 / 32, expertWidth: model.feedForwardWidth,
            bottleneck: max(model.width / 4, 1))
    }

    /// What holds by measurement. Against the paper's recipe:
    ///
    /// - a prompt is known by the subject it names, and goes to the expert of the nearest edit:
    ///   trained keys send everything to the newest expert, and mean embeddings of whole batches
    ///   miss one edit in ten;
    /// - the expert counts in full, since a softmax over more and more keys would fade it;
    /// - a prompt that is near no edit is left to the unedited model;
    /// - steps are longer and more, so that a batch is learned to the end.
    package static func `default`(for model: ModelConfiguration) -> LEMoEConfig {
        var config = paper(for: model)
        config.pooling = .entity
        config.projection = .anchors
        config.similarity = .cosine
        config.renormalisesScores = true
        config.scopeGuard = .edit
        config.learningRate = 1e-3
        config.epochs = 60
        return config
    }
}

extension LEMoEConfig.Projection {
    /// Whether one projection serves all experts.
    var isShared: Bool { [.sharedTrainable, .sharedFrozen, .sharedReplay].contains(self) }

    /// Whether keys are learned by gradients.
    var trainsKeys: Bool { self != .prototype && self != .anchors }

    /// Whether the projection in use while a batch is learned is learned with it.
    var trainsProjection: Bool { trainsKeys && self != .sharedFrozen }
}
