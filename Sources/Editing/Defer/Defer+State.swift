import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: in and out widths of the replaced map.

extension Defer {
    /// A gate and a predictor that have learned nothing, uniform in ±1/√in as linear maps start in
    /// the released code's framework.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: DeferConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        var seeds = SplitMix64(seed: seed)
        let shapes = Self.shapes(config, of: model.configuration)
        let bound = 1 / Double(model.configuration.inputWidth(of: config.site)).squareRoot()
        let drawn = try shapes.map {
            try Tensor.uniform(
                $0.shape, low: -bound, high: bound, seed: seeds.next(), device: model.device)
        }
        self.init(
            model: model, tokenizer: tokenizer, config: config, seed: seed,
            predictor: GatedPredictor(
                gateWeight: drawn[0], gateBias: drawn[1], weight: drawn[2], bias: drawn[3]),
            taught: 0)
    }

    package var trainableParameters: Int { predictor.tensors.reduce(0) { $0 + $1.count } }

    package var storedBytes: StoredBytes {
        StoredBytes(constant: trainableParameters * 4, growing: 0)
    }

    package func state() throws -> MethodState {
        let names = Self.shapes(config, of: model.configuration).map(\.name)
        return try MethodState(
            tensors: Dictionary(uniqueKeysWithValues: zip(names, predictor.tensors)),
            rest: Rest(config: config, seed: seed, taught: taught))
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try rest.config.validate(for: model.configuration)
        let tensors = try Self.shapes(rest.config, of: model.configuration).map { name, shape in
            try state.tensor(name, shape, on: model.device)
        }
        self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed,
            predictor: GatedPredictor(
                gateWeight: tensors[0], gateBias: tensors[1], weight: tensors[2],
                bias: tensors[3]),
            taught: rest.taught)
    }

    /// The tensors by name, in the order in which they are drawn.
    private static func shapes(
        _ config: DeferConfig, of model: ModelConfiguration
    ) -> [(name: String, shape: [Int])] {
        let (width, output) = (
            model.inputWidth(of: config.site), model.outputWidth(of: config.site)
        )
        return [
            ("gate.weight", [1, width]), ("gate.bias", [1]),
            ("predictor.weight", [output, width]), ("predictor.bias", [output]),
        ]
    }
}

/// What of a predictor is not a tensor.
private struct Rest: Codable {
    let config: DeferConfig
    let seed: UInt64
    let taught: Int
}
