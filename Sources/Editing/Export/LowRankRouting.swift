import Edits
import LanguageModels
import Tokenizers
import Torch

/// A method whose route for a prompt, once it is decided, is a LoRA.
package protocol LowRankRouting: EditingMethod {
    /// Whether the prompt decides for the whole answer, so that one LoRA gives it.
    var latchesRoutes: Bool { get }
}

extension ELDER: LowRankRouting {
    package var latchesRoutes: Bool { true }
}

extension LoRA: LowRankRouting {
    package var latchesRoutes: Bool { true }
}

extension MELO: LowRankRouting {
    package var latchesRoutes: Bool { config.routesOnce }
}

extension LowRankRouting {
    /// The LoRA that a prompt goes through; nil where it is left to the unedited model.
    package func route(of prompt: String) throws -> LowRankRoute? {
        try withoutGradients {
            let tokens = tokenizer.encode(prompt)
            let batch = try TokenBatch([tokens], device: model.device)
            let prefix = try model.prefix(batch, upTo: seam, taps: taps)
            let decision = try decide(prefix, prompts: [tokens])
            return try (decision.adaptation as? any LowRankAdapting)?.route(ofRow: 0)
        }
    }
}
