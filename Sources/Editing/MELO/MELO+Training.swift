package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, T tokens, S sampled texts, d width of the queries.

extension MELO {
    /// The frozen model ends at the first map with a LoRA.
    package var seam: Site { config.sites[0] }

    /// What enters the query map; the query is what that map makes of it.
    package var taps: [Site] { [config.querySite] }

    /// Finds the radius, where the recipe names none.
    package mutating func prepare() throws {
        guard radius == nil else { return }
        radius = try withoutGradients { try sampledRadius() }
    }

    package var rowsPerBatch: Int { config.batchSize }

    /// Learns the rows of `edits` a few at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        let encoded = try rows.encoded(for: model, tokenizer)
        try prepare()
        try rows.inBatches(
            of: rowsPerBatch, edits: edits.count, onProgress: onProgress
        ) { places in
            let losses = try teach(
                places.map { encoded[$0] }, ids: places.map { rows[$0].editID })
            return (losses.count, losses.last)
        }
    }

    /// Queries of rows that shall be answered, float32 [B, d].
    func queries(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Tensor {
        let lengths = config.keyPosition == .promptEnd ? prompts.map(\.count) : prefix.lengths
        return try queryOutput(prefix.taps[config.querySite]!.last(of: lengths))
    }

    /// Keys of rows that are taught, float32 [B, d].
    func keys(
        of rows: [EncodedRow], batch: EditBatch, prefix: PrefixActivations
    ) throws -> Tensor {
        guard config.keyPosition == .batchEnd else {
            return try queries(prefix, prompts: batch.prompts)
        }
        // As released: padded with the end mark, and the last column whatever stands there.
        let padded = try TokenBatch(
            rows.map { $0.prompt + $0.target },
            padding: model.configuration.endOfText.first ?? 0, device: model.device)
        let site = config.querySite
        let input = try model.prefix(padded, upTo: site).input  // [B, T, in]
        return try queryOutput(input.at(dim: 1, index: padded.width - 1))
    }

    /// What the query map makes of its input, float32 [B, d].
    private func queryOutput(_ input: Tensor) throws -> Tensor {
        let map = try model.linearMap(at: config.querySite)
        return try withoutGradients {
            try input.linear(weight: map.weight, bias: map.bias).to(.float32)
        }
    }

    /// A block that changes nothing yet: A uniform, B zero.
    ///
    /// The bound of A is 1/√(num_block · ρ), for the release draws all blocks as one matrix and
    /// takes its second size for the number of inputs.
    mutating func freshBlock() throws -> LoRABlock {
        let bound = 1 / (config.blockScale * Double(config.rank)).squareRoot()
        let a = try config.sites.map { site in
            try Tensor.uniform(
                [model.configuration.inputWidth(of: site), config.rank], low: -bound, high: bound,
                seed: random.next(), device: model.device
            ).requireGradient()
        }
        let b = try config.sites.map { site in
            try Tensor.zeros(
                [config.rank, model.configuration.outputWidth(of: site)], device: model.device
            ).requireGradient()
        }
        return LoRABlock(a: a, b: b)
    }

    func rules() -> VectorDatabase.Rules {
        guard let radius else { preconditionFailure("teaching comes after preparing") }
        return VectorDatabase.Rules(
            radius: radius, comparison: config.labelComparison,
            replacesSameKey: config.replacesSameKey)
    }

    /// A radius that keeps texts apart which have nothing to do with each other: half a small
    /// quantile of the distances between queries of what the base model writes, cut anywhere. So
    /// two new clusters, which meet within twice the radius, meet only where such texts hardly do.
    private func sampledRadius() throws -> Double {
        let cuts = try model.sampledTexts(config.radiusSamples, seed: seed).cuts
        guard cuts.count >= 2 else {
            throw EditError(
                "The base model writes nothing after its start token, so no radius can be found; "
                    + "set `radius`.")
        }
        let queries = try Tensor.concatenated(
            cuts.chunks(of: 64).map { group in
                let batch = try TokenBatch(group, device: model.device)
                let prefix = try model.prefix(batch, upTo: config.querySite)
                return try queryOutput(prefix.input.last(of: batch.lengths))
            }, dim: 0)  // [S, d]
        return try Self.halfQuantile(config.radiusQuantile, ofDistancesBetween: queries)
    }

    private static func halfQuantile(
        _ share: Double, ofDistancesBetween queries: Tensor
    ) throws -> Double {
        var distances: [Float] = []
        for row in 1..<queries.size(0) {
            let others = try queries.narrowed(dim: 0, start: 0, length: row)
            let apart = try (others - queries.at(dim: 0, index: row)).pow(2).sum(dim: 1).sqrt()
            // Two texts may be cut to the same words.
            distances += try apart.floats().filter { $0 > 0 }
        }
        distances.sort()
        guard !distances.isEmpty else {
            throw EditError(
                "The base model always writes the same text, so no radius can be found; "
                    + "set `radius`.")
        }
        return Double(distances[Int(share * Double(distances.count - 1))]) / 2
    }
}
