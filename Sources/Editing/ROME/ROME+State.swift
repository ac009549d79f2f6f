import Edits
import Foundation
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
        return MethodState(
            tensors: map.map { ["weight": $0.weight] } ?? [:], document: try rest.json())
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest = try Rest(json: state.document)
        try self.init(
            model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed)
        contexts = rest.contexts
        covarianceDigest = rest.covarianceDigest
        largestChange = rest.largestChange
        guard !state.tensors.isEmpty else { return }
        let base = try RewrittenMap(of: model, at: seam)
        guard let weight = state.tensors["weight"], weight.shape == base.weight.shape else {
            let found = state.tensors["weight"].map { "\($0.shape)" } ?? "none"
            throw EditError(
                "The saved editor's tensor 'weight' was expected with the shape "
                    + "\(base.weight.shape), got \(found); save it again from the original.")
        }
        map = RewrittenMap(
            site: seam, weight: try weight.to(model.device).to(.float32).copy(), bias: base.bias)
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

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Rest {
    init(json: String) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
        } catch {
            throw EditError(
                "The saved editor's record cannot be read (\(sentence(for: error))); "
                    + "save it again from the original.")
        }
    }
}
