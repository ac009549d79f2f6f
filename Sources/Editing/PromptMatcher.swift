package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, n stored prompts, S sampled texts, d width of the query.

/// Finds which of some stored prompts another one rephrases, whatever method edits the model.
///
/// The match gate of ELDER's default recipe, standing alone: it serves the time in which what an
/// editor has learned is not yet, or no more, what it should know.
package struct PromptMatcher {
    let model: CausalModel
    let tokenizer: any Tokenizer
    private var gate: MatchGate
    /// Texts that the base model wrote by itself, each cut anywhere as a prompt may be.
    package let texts: [String]
    /// What is stored, as it was given, and the queries.
    private var prompts: [String] = []
    private var queries: Tensor?  // [n, d]
    private let tap: Site

    /// Texts that are kept to be asked, of those the gate is calibrated on.
    private static let keptTexts = 64
    private static let samples = 128

    /// Lets the base model write, so that it is known what its text is like.
    package init(model: CausalModel, tokenizer: any Tokenizer, seed: UInt64) throws {
        let tap = try Self.tap(of: model)
        let config = ELDERConfig.MatchGate(samples: Self.samples)
        self.tap = tap
        self.model = model
        self.tokenizer = tokenizer
        (gate, texts) = try withoutGradients {
            let cuts = try model.sampledTexts(Self.keptTexts, seed: seed &+ 1).cuts
            return (
                try MatchGate.calibrated(
                    config, model: model, tokenizer: tokenizer, tap: tap, seed: seed),
                // The start token is put there by the model, not by who asks.
                cuts.map { tokenizer.decode(Array($0.dropFirst())) }.filter { !$0.isEmpty }
            )
        }
    }

    /// What was calibrated, with no prompt stored.
    package func state() throws -> MethodState {
        try MethodState(
            tensors: ["gate.center": gate.center, "gate.samples": gate.samples],
            rest: Rest(texts: texts, words: gate.words.emptied))
    }

    /// Calibrated as when `state` was taken, with no prompt stored.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        tap = try Self.tap(of: model)
        self.model = model
        self.tokenizer = tokenizer
        texts = rest.texts
        let width = model.configuration.inputWidth(of: tap)
        gate = try MatchGate(
            ELDERConfig.MatchGate(samples: Self.samples),
            center: state.tensor("gate.center", [width], on: model.device),
            samples: state.tensor("gate.samples", [nil, width], on: model.device),
            words: rest.words, queries: nil)
    }

    /// Stores more prompts.
    package mutating func insert(_ prompts: [String]) throws {
        guard !prompts.isEmpty else { return }
        let added = try query(prompts.map(tokens(of:)))
        try store(
            prompts, queries: queries.map { try Tensor.concatenated([$0, added], dim: 0) } ?? added)
    }

    /// The same calibration with no prompt stored.
    package func emptied() throws -> PromptMatcher {
        var matcher = self
        (matcher.prompts, matcher.queries) = ([], nil)
        matcher.gate = try MatchGate(
            gate.config, center: gate.center, samples: gate.samples, words: gate.words.emptied,
            queries: nil)
        return matcher
    }

    /// The same calibration with just `prompts` stored; those that were stored are not read again.
    package func storing(_ prompts: [String]) throws -> PromptMatcher {
        var matcher = try emptied()
        guard !prompts.isEmpty else { return matcher }
        let known = Dictionary(zip(self.prompts, 0...)) { first, _ in first }
        let rows = try prompts.map { prompt in
            guard let place = known[prompt], let queries else {
                return try query([tokens(of: prompt)])
            }
            return try queries.narrowed(dim: 0, start: place, length: 1)
        }
        try matcher.store(prompts, queries: Tensor.concatenated(rows, dim: 0))
        return matcher
    }

    /// Stores more prompts; `queries` [n, d] are those of all stored by then.
    private mutating func store(_ more: [String], queries: Tensor) throws {
        prompts += more
        self.queries = queries
        try gate.insert(more.map(tokenizer.heard), queries: queries)
    }

    /// What knows the words of the base model's own text, and no prompt yet.
    package var words: PromptIndex { gate.words.emptied }

    /// The nearest stored prompt for each of `prompts`, with 0 for the same and 1 at the edge; nil for
    /// a prompt without tokens, which asks for nothing.
    package func nearest(to prompts: [String]) throws -> [Match?] {
        var matches = [Match?](repeating: nil, count: prompts.count)
        guard gate.words.count > 0 else { return matches }
        let encoded = prompts.map(tokens(of:))
        let places = prompts.indices.filter { !encoded[$0].isEmpty }
        guard !places.isEmpty else { return matches }
        let rows = places.map { encoded[$0] }
        let found = try withoutGradients {
            // The texts as a method sees them, which knows tokens only.
            try gate.nearest(to: rows.map { tokenizer.decode($0) }, query: query(rows))
        }
        for (place, match) in zip(places, found) { matches[place] = match }
        return matches
    }

    /// As much of the end of `prompt` as the model's context holds.
    private func tokens(of prompt: String) -> [Int] {
        tokenizer.end(of: tokenizer.encode(prompt), within: model.configuration.maximumLength)
    }

    /// What enters the tapped map at the last token of each prompt: [B, d].
    private func query(_ prompts: [[Int]]) throws -> Tensor {
        try withoutGradients {
            let rows = try prompts.map { prompt in
                let batch = try TokenBatch([prompt], device: model.device)
                return try model.prefix(batch, upTo: tap, taps: [tap]).taps[tap]!
                    .last(of: batch.lengths).to(.float32)
            }
            return try Tensor.concatenated(rows, dim: 0)
        }
    }

    /// Where ELDER has its query.
    private static func tap(of model: CausalModel) throws -> Site {
        let part = ELDERConfig.part(for: model.configuration)
        let config = try ELDERConfig.paper(blocks: model.configuration.blocks, part: part)
        return Site(block: config.queryBlock, part: part.site)
    }

    private struct Rest: Codable {
        let texts: [String]
        let words: PromptIndex
    }
}
