package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, n stored rows, d width of the query, S sampled texts.

extension Retrieval {
    /// Lets the base model write, so that the gate knows what its text is like.
    package mutating func prepare() throws {
        guard gate == nil else { return }
        let gateConfig = matchGate
        gate = try withoutGradients {
            try MatchGate.calibrated(
                gateConfig, model: model, tokenizer: tokenizer, tap: seam, seed: seed)
        }
    }

    var matchGate: ELDERConfig.MatchGate {
        ELDERConfig.MatchGate(
            coverage: config.coverage, cosine: config.cosine, samples: config.samples)
    }

    package var rowsPerBatch: Int { 32 }

    /// Stores every wording of `edits`; nothing is trained.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        _ = try rows.encoded(for: model, tokenizer)
        try prepare()
        try rows.inBatches(
            of: rowsPerBatch, edits: edits.count, onProgress: onProgress
        ) { places in
            try store(places.map { rows[$0] })
            return (0, nil)
        }
    }

    private mutating func store(_ new: [EditRow]) throws {
        let prompts = new.map { tokenizer.encode($0.prompt) }
        let batch = try TokenBatch(prompts, device: model.device)
        let prefix = try model.prefix(batch, upTo: seam, taps: taps)
        let added = try query(prefix, lengths: batch.lengths)  // [B, d]
        rows += new
        queries = try queries.map { try Tensor.concatenated([$0, added], dim: 0) } ?? added
        try gate!.insert(prompts.map { tokenizer.decode($0) }, queries: queries!)
        try calibrate()
    }

    /// Finds the least cosine anew: more stored prompts, more chances to be near one by accident.
    mutating func calibrate() throws {
        guard config.gate == .cosine, let gate else { return }
        leastCosine = try config.cosine ?? gate.accidentalCosine(of: rows.map(\.factKey))
    }

    /// The stored prompts that may be meant by each of `prompts`, nearest first.
    func ranked(_ prompts: [[Int]], query: Tensor) throws -> [[Match]] {
        guard let gate else { return prompts.map { _ in [] } }
        return switch config.gate {
        case .match: try gate.ranked(for: prompts.map { tokenizer.decode($0) }, query: query)
        case .cosine: try gate.ranked(by: query, least: leastCosine)
        }
    }

    /// The query of each row, float32 [B, d]: the tapped input at the prompt's last token.
    func query(_ prefix: PrefixActivations, lengths: [Int]) throws -> Tensor {
        try prefix.taps[seam]!.last(of: lengths).to(.float32)
    }

    /// Nothing is adapted, so the prefix ends where the query is.
    package var seam: Site { Site(block: config.queryBlock, part: config.part) }
    package var taps: [Site] { [seam] }
}

extension MatchGate {
    /// The stored prompts by their centred cosine alone, nearest first, 1 being the distance of
    /// `least`; of those beyond it the nearest only.
    fileprivate func ranked(by query: Tensor, least: Double) throws -> [[Match]] {
        guard let keys else { return (0..<query.size(0)).map { _ in [] } }
        let cosines = try directions(query).matmul(keys.transposed(0, 1)).floats()  // [B, n]
        let count = keys.size(0)
        return (0..<query.size(0)).map { row in
            let own = Array(cosines[row * count..<(row + 1) * count])
            // Of equals the latest is nearer: it was said last.
            let best = own.indices.max { (own[$0], $0) < (own[$1], $1) }!
            let near = own.indices.filter { $0 == best || Double(own[$0]) > least }
            return near.sorted { (own[$0], $0) > (own[$1], $1) }.map { index in
                Match(index: index, distance: (1 - Double(own[index])) / (1 - least))
            }
        }
    }

    /// What few texts reach with the nearest stored prompt of a fact that is not theirs: one in a
    /// hundred of those the base model writes, and one in twenty of the stored prompts themselves,
    /// which are nearer in kind to what will be asked.
    fileprivate func accidentalCosine(of facts: [String]) throws -> Double {
        guard let keys else { return 0.99 }
        let written = try directions(samples).matmul(keys.transposed(0, 1)).max(dim: -1)
            .values.floats()  // [S]
        let latest = try keys.narrowed(
            dim: 0, start: max(facts.count - 256, 0), length: min(facts.count, 256))
        let cosines = try latest.matmul(keys.transposed(0, 1)).floats()  // [256, n]
        let stored = zip(facts.suffix(256), Array(0..<256)).compactMap { fact, row in
            facts.indices.filter { facts[$0] != fact }.map { cosines[row * facts.count + $0] }
                .max()
        }
        // Kept below one, where the edge would have no width.
        return min(max(Self.quantile(0.99, of: written), Self.quantile(0.95, of: stored)), 0.99)
    }

    private static func quantile(_ share: Double, of values: [Float]) -> Double {
        guard !values.isEmpty else { return 0 }
        return Double(values.sorted()[Int(share * Double(values.count - 1))])
    }
}
