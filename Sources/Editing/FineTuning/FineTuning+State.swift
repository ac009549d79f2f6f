import Edits
package import LanguageModels
package import Tokenizers
import Torch

extension FineTuning {
    package var trainableParameters: Int {
        let (input, output) = (
            model.configuration.inputWidth(of: seam), model.configuration.outputWidth(of: seam)
        )
        let hasBias = config.trainsBias && model.configuration.hasFeedForwardBias
        return input * output + (hasBias ? output : 0)
    }

    package var storedBytes: StoredBytes {
        let tensors = map.map { $0.parameters(withBias: config.trainsBias) } ?? []
        return StoredBytes(constant: tensors.reduce(0) { $0 + $1.byteCount }, growing: 0)
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        tensors["weight"] = map?.weight
        if config.trainsBias { tensors["bias"] = map?.bias }
        return try MethodState(tensors: tensors, rest: config)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        try self.init(model: model, tokenizer: tokenizer, config: state.rest(), seed: 0)
        guard !state.tensors.isEmpty else { return }
        let base = try FineTunedMap(of: model, at: seam)
        func saved(_ name: String, like original: Tensor) throws -> Tensor {
            try state.tensor(name, original.shape, on: model.device)
        }
        map = FineTunedMap(
            site: seam, weight: try saved("weight", like: base.weight),
            bias: try base.bias.map { config.trainsBias ? try saved("bias", like: $0) : $0 })
    }
}
