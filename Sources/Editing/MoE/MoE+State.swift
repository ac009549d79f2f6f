import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: E experts, d width of the residual stream.

extension MoE {
    /// An adaptor that has learned nothing yet: the last map of every expert is zero.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: MoEConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        var random = SplitMix64(seed: seed)
        let experts = try (0..<config.experts).map { _ in
            try Expert(
                width: config.expertWidth, model: model, deviation: config.initialDeviation,
                random: &random)
        }
        let d = model.configuration.width
        let bound = 1 / Double(d).squareRoot()
        let router = try Tensor.uniform(
            [config.experts, d], low: -bound, high: bound, seed: random.next(),
            device: model.device)
        self.init(
            model: model, tokenizer: tokenizer, config: config, experts: experts, router: router,
            random: random)
    }

    private var tensors: [String: Tensor] {
        var tensors = ["router": router]
        for (index, expert) in experts.enumerated() {
            for (name, tensor) in expert.tensors { tensors["experts.\(index).\(name)"] = tensor }
        }
        return tensors
    }

    package var trainableParameters: Int { tensors.values.reduce(0) { $0 + $1.count } }

    package var storedBytes: StoredBytes {
        StoredBytes(constant: tensors.values.reduce(0) { $0 + $1.byteCount }, growing: 0)
    }

    package func state() throws -> MethodState {
        try MethodState(
            tensors: tensors, rest: Rest(config: config, random: random, learned: learned))
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        let config = rest.config
        try config.validate(for: model.configuration)
        func saved(_ name: String, _ shape: [Int]) throws -> Tensor {
            try state.tensor(name, shape, on: model.device)
        }
        let shapes = Dictionary(
            uniqueKeysWithValues: Expert.shapes(
                width: config.expertWidth, of: model.configuration))
        self.init(
            model: model, tokenizer: tokenizer, config: config,
            experts: try (0..<config.experts).map { index in
                try Expert(width: config.expertWidth, of: model.configuration) {
                    try saved("experts.\(index).\($0)", shapes[$0]!)
                }
            },
            router: try saved("router", [config.experts, model.configuration.width]),
            random: rest.random, learned: rest.learned)
    }
}

/// What of an adaptor is not a tensor.
private struct Rest: Codable {
    let config: MoEConfig
    let random: SplitMix64
    let learned: Int
}
