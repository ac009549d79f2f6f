import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: n stored rows, d width of the query, S sampled texts.

extension Retrieval {
    /// A method that has stored nothing yet.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: RetrievalConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed, rows: [], queries: nil)
    }

    /// Nothing is trained.
    package var trainableParameters: Int { 0 }

    /// The texts of the edits and their queries; beside them what the gate learned of the model.
    package var storedBytes: StoredBytes {
        let texts = rows.reduce(0) { $0 + $1.prompt.utf8.count + $1.target.utf8.count }
        return StoredBytes(
            constant: gate?.byteCount ?? 0, growing: texts + (queries?.byteCount ?? 0))
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        tensors["queries"] = queries
        tensors["gate.center"] = gate?.center
        tensors["gate.samples"] = gate?.samples
        return try MethodState(
            tensors: tensors,
            rest: Rest(config: config, seed: seed, rows: rows, words: gate?.words))
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try rest.config.validate(for: model.configuration)
        guard rest.words?.count ?? 0 == rest.rows.count else {
            throw EditError(
                "expected the saved gate to know \(rest.rows.count) prompts, got "
                    + "\(rest.words?.count ?? 0); save it again from the original.")
        }
        let site = Site(block: rest.config.queryBlock, part: rest.config.part)
        let width = model.configuration.inputWidth(of: site)
        func tensor(_ name: String, _ shape: [Int?]) throws -> Tensor {
            try state.tensor(name, shape, on: model.device)
        }
        let queries = rest.rows.isEmpty ? nil : try tensor("queries", [rest.rows.count, width])
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed,
            rows: rest.rows, queries: queries)
        gate = try rest.words.map {
            try MatchGate(
                matchGate, center: tensor("gate.center", [width]),
                samples: tensor("gate.samples", [nil, width]), words: $0, queries: queries)
        }
        try calibrate()
    }
}

/// What of the stored edits is not a tensor.
private struct Rest: Codable {
    let config: RetrievalConfig
    let seed: UInt64
    let rows: [EditRow]
    let words: PromptIndex?
}
