import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, n stored prompts, S sampled texts, d width of the query.

/// Finds the stored prompt that a prompt rephrases, if there is one.
///
/// Two views must agree. Words: the prompt has enough of the stored prompt's rare words (see
/// ``PromptIndex``), which tells subjects apart. Meaning: the queries, centred on what the base
/// model's text is like, have a high cosine, which tells relations and kinds of text apart. What
/// text is like is learned once, without labels, from text the base model writes itself.
struct MatchGate {
    let config: ELDERConfig.MatchGate
    /// What the base model writes like: the mean query [d], and the queries of its texts [S, d].
    let center: Tensor
    let samples: Tensor
    private(set) var words: PromptIndex
    /// Centred, of unit length: [n, d]; nil while nothing is stored.
    private(set) var keys: Tensor?
    /// The least cosine; found anew whenever prompts are stored.
    private(set) var cosine: Double

    /// Below this coverage a prompt cannot be the nearest, however alike the queries are.
    private static let floor = 0.3
    /// What a cosine of one is worth in coverage when the nearest is chosen.
    private static let cosineShare = 0.5

    init(
        _ config: ELDERConfig.MatchGate, center: Tensor, samples: Tensor, words: PromptIndex,
        queries: Tensor?
    ) throws {
        self.config = config
        self.center = center
        self.samples = samples
        self.words = words
        cosine = config.cosine ?? 1
        try queries.map { try setKeys($0) }
    }

    /// Stores more prompts; `queries` [n, d] are those of all stored so far.
    mutating func insert(_ prompts: [String], queries: Tensor) throws {
        words.insert(prompts)
        try setKeys(queries)
    }

    /// What it learned of the base model's text, without what is stored.
    var byteCount: Int { center.byteCount + samples.byteCount + words.backgroundByteCount }

    /// The nearest stored prompt for each of `prompts`, with 0 for the same and 1 at the edge.
    func nearest(to prompts: [String], query: Tensor) throws -> [Match?] {
        try ranked(for: prompts, query: query).map(\.first)
    }

    /// The stored prompts that may be meant by each of `prompts`, nearest first.
    func ranked(for prompts: [String], query: Tensor) throws -> [[Match]] {
        guard let keys else { return prompts.map { _ in [] } }
        let cosines = try directions(query).matmul(keys.transposed(0, 1)).floats()  // [B, n]
        let count = words.count
        return prompts.enumerated().map { row, prompt in
            ranked(words.coverage(by: prompt), cosines[row * count..<(row + 1) * count])
        }
    }

    private func ranked(_ coverage: [Double], _ cosines: ArraySlice<Float>) -> [Match] {
        let cosines = cosines.map(Double.init)
        let candidates = coverage.indices.filter { coverage[$0] >= Self.floor }
            .map { (score: coverage[$0] + Self.cosineShare * cosines[$0], index: $0) }
        // Of equals the latest is nearer: it was said last.
        return candidates.sorted { $0 > $1 }.map { _, index in
            let words = (1 - coverage[index]) / (1 - leastCoverage)
            let meaning = (1 - cosines[index]) / (1 - cosine)
            return Match(index: index, distance: max(words, meaning, 0))
        }
    }

    /// The least coverage: more prompts, more chances to be covered by accident.
    var leastCoverage: Double {
        config.coverage ?? min(max(0.5 + 0.1 * log10(Double(max(words.count, 1)) / 100), 0.5), 0.7)
    }

    private mutating func setKeys(_ queries: Tensor) throws {
        let keys = try directions(queries)
        self.keys = keys
        guard config.cosine == nil else { return }
        let accidents = min(max(10 / Double(queries.size(0)), 0.002), 0.01)
        cosine = try Self.quantile(1 - accidents, ofPairs: directions(samples), thinned(keys))
    }

    /// At most a thousand of the keys, evenly spread: enough for a quantile.
    private func thinned(_ keys: Tensor) throws -> Tensor {
        let step = (keys.size(0) + 999) / 1000
        let index = Array(stride(from: 0, to: keys.size(0), by: step))
        return try keys.selected(
            dim: 0, index: Tensor(index, shape: [index.count], device: keys.device))
    }

    private static func quantile(
        _ share: Double, ofPairs a: Tensor, _ b: Tensor
    ) throws -> Double {
        let cosines = try a.matmul(b.transposed(0, 1)).floats().sorted()
        // Kept below one, where the edge would have no width.
        return min(Double(cosines[Int(share * Double(cosines.count - 1))]), 0.99)
    }

    /// Centred on the base model's own text and of unit length: [B, d].
    func directions(_ queries: Tensor) throws -> Tensor {
        try queries.directions(from: center)
    }
}

extension MatchGate {
    /// Lets the base model write, and notes what its words and queries are like.
    static func calibrated(
        _ config: ELDERConfig.MatchGate, model: CausalModel, tokenizer: any Tokenizer,
        tap: Site, seed: UInt64
    ) throws -> MatchGate {
        let text = try OwnText(
            of: model, tokenizer: tokenizer, tap: tap, count: config.samples, seed: seed,
            remedy: "use the gate `code`, or another model")
        return try MatchGate(
            config, center: text.queries.mean(dim: 0), samples: text.queries, words: text.words,
            queries: nil)
    }
}
