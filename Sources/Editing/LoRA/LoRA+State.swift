import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: r rank.

extension LoRA {
    /// An editor that has learned nothing: it changes nothing, since every B is zero.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: LoRAConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        // Every tensor has a seed of its own, so that adding a block changes no other.
        var seeds = SplitMix64(seed: seed)
        let bound = config.initialScale / Double(config.rank).squareRoot()
        let shapes = Self.shapes(config, model.configuration)
        let maps = try (0..<config.layers).map { _ in
            LowRankMap(
                a: try Tensor.uniform(
                    shapes.a, low: -bound, high: bound, seed: seeds.next(), device: model.device
                ).requireGradient(),
                b: try Tensor.zeros(shapes.b, device: model.device).requireGradient())
        }
        self.init(model: model, tokenizer: tokenizer, config: config, seed: seed, maps: maps)
    }

    package var trainableParameters: Int { trained.reduce(0) { $0 + $1.count } }

    package var storedBytes: StoredBytes {
        StoredBytes(constant: trained.reduce(0) { $0 + $1.byteCount }, growing: 0)
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        for (index, map) in maps.enumerated() {
            tensors["layers.\(index).a"] = map.a
            tensors["layers.\(index).b"] = map.b
        }
        return try MethodState(
            tensors: tensors, rest: Rest(config: config, seed: seed, learnedRows: learnedRows))
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try rest.config.validate(for: model.configuration)
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try state.tensor(name, shape, on: model.device).requireGradient()
        }
        let shapes = Self.shapes(rest.config, model.configuration)
        let maps = try (0..<rest.config.layers).map {
            LowRankMap(
                a: try tensor("layers.\($0).a", shapes.a), b: try tensor("layers.\($0).b", shapes.b)
            )
        }
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed, maps: maps,
            learnedRows: rest.learnedRows)
    }

    /// [in, r] and [r, out], the same in every block.
    private static func shapes(
        _ config: LoRAConfig, _ model: ModelConfiguration
    ) -> (a: [Int], b: [Int]) {
        let site = Site(block: config.firstBlock, part: config.part)
        return (
            [model.inputWidth(of: site), config.rank], [config.rank, model.outputWidth(of: site)]
        )
    }
}

/// What of a LoRA is not a tensor.
private struct Rest: Codable {
    let config: LoRAConfig
    let seed: UInt64
    let learnedRows: Int
}
