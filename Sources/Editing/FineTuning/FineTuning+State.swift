import Edits
import Foundation
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
        return MethodState(
            tensors: tensors, document: String(decoding: try config.json(), as: UTF8.self))
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let config: FineTuningConfig
        do {
            config = try JSONDecoder().decode(
                FineTuningConfig.self, from: Data(state.document.utf8))
        } catch {
            throw EditError(
                "The saved editor's record cannot be read (\(sentence(for: error))); "
                    + "save it again from the original.")
        }
        try self.init(model: model, tokenizer: tokenizer, config: config, seed: 0)
        guard !state.tensors.isEmpty else { return }
        let base = try FineTunedMap(of: model, at: seam)
        func saved(_ name: String, like original: Tensor) throws -> Tensor {
            guard let tensor = state.tensors[name], tensor.shape == original.shape else {
                let found = state.tensors[name].map { "\($0.shape)" } ?? "none"
                throw EditError(
                    "The saved editor's tensor '\(name)' was expected with the shape "
                        + "\(original.shape), got \(found); save it again from the original.")
            }
            return try tensor.to(model.device).to(.float32).copy()
        }
        map = FineTunedMap(
            site: seam, weight: try saved("weight", like: base.weight),
            bias: try base.bias.map { config.trainsBias ? try saved("bias", like: $0) : $0 })
    }
}
