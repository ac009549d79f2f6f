import Edits
package import LanguageModels
package import Tokenizers
import Torch

extension ROME {
    /// The matrix that is written into.
    package var trainableParameters: Int {
        model.configuration.inputWidth(of: seam) * model.configuration.outputWidth(of: seam)
    }

    package var storedBytes: StoredBytes {
        StoredBytes(
            constant: (map?.weight.byteCount ?? 0)
                + (contexts ?? []).reduce(0) { $0 + $1.utf8.count },
            growing: 0)
    }

    /// ‖W‖ (Frobenius) of the map as written so far.
    package func weightNorm() throws -> Double {
        try (map ?? RewrittenMap(of: model, at: seam)).weight.norm().item()
    }

    package func state() throws -> MethodState {
        let rest = Rest(
            config: config, seed: seed, contexts: contexts, covarianceDigest: covarianceDigest,
            largestChange: largestChange, weightNorm: try weightNorm())
        return try MethodState(tensors: map.map { ["weight": $0.weight] } ?? [:], rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed)
        contexts = rest.contexts
        covarianceDigest = rest.covarianceDigest
        largestChange = rest.largestChange
        guard !state.tensors.isEmpty else { return }
        let base = try RewrittenMap(of: model, at: seam)
        map = RewrittenMap(
            site: seam,
            weight: try state.tensor("weight", base.weight.shape, on: model.device),
            bias: base.bias)
    }
}

/// What of an editor is not a tensor.
private struct Rest: Codable {
    let config: ROMEConfig
    let seed: UInt64
    let contexts: [String]?
    let covarianceDigest: String?
    let largestChange: Double
    /// For those who read the record; it follows from the weight.
    let weightNorm: Double
}
