import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: N entries, in and out widths of the edited map.

extension GRACE {
    /// An empty codebook.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: GRACEConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed, codebook: Codebook(),
            random: SplitMix64(seed: seed))
    }

    /// The values; keys are not trained.
    package var trainableParameters: Int { codebook.values.reduce(0) { $0 + $1.count } }

    package var storedBytes: StoredBytes {
        let rest = codebook.entries.reduce(0) {
            $0 + 8 * (1 + $1.label.count) + $1.editID.utf8.count
        }
        return StoredBytes(
            constant: 0,
            growing: rest + trainableParameters * 4 + (codebook.keys?.byteCount ?? 0))
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        tensors["keys"] = codebook.keys
        if !codebook.values.isEmpty {
            tensors["values"] = try Tensor.stacked(codebook.values, dim: 0)
        }
        let rest = Rest(config: config, seed: seed, random: random, entries: codebook.entries)
        return try MethodState(tensors: tensors, rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try rest.config.validate(for: model.configuration)
        let (site, count) = (rest.config.site, rest.entries.count)
        func tensor(_ name: String, width: Int) throws -> Tensor {
            try state.tensor(name, [count, width], on: model.device)
        }
        var codebook = Codebook()
        if count > 0 {
            let values = try tensor("values", width: model.configuration.outputWidth(of: site))
            codebook = Codebook(
                entries: rest.entries,
                keys: try tensor("keys", width: model.configuration.inputWidth(of: site)),
                values: try (0..<count).map { try values.at(dim: 0, index: $0).copy() })
        }
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed,
            codebook: codebook, random: rest.random)
    }
}

/// What of a codebook is not a tensor.
private struct Rest: Codable {
    let config: GRACEConfig
    let seed: UInt64
    let random: SplitMix64
    let entries: [Codebook.Entry]
}
