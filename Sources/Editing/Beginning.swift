package import Edits
package import LanguageModels
import Tokenizers
package import Torch

// Sizes: T tokens, V vocabulary.

/// A prompt that has been read: everything that its answer goes on from.
package struct Beginning {
    /// The scores of the first token of the answer, f32 [1, V].
    package let scores: Tensor
    /// Keys and values of the prompt, and of what was read before it.
    package let cache: KeyValueCache
    /// What was decided, of one row; nil for the unedited model.
    package let adaptation: (any Adaptation)?
    package let trace: RouteTrace
    /// The hidden states of the prompt's own tokens, [T, D], for who wants their scores.
    package let hidden: Tensor
}

extension EditingMethod {
    /// Reads one prompt and decides what answers it: the same arithmetic, in the same order, as
    /// `complete` of that prompt alone.
    ///
    /// - Throws: `ModelError` for a prompt without tokens or beyond the context.
    package func begin(_ prompt: [Int]) throws -> Beginning {
        try withoutGradients {
            var cache: KeyValueCache? = KeyValueCache()
            let batch = try TokenBatch([prompt], device: model.device)
            let prefix = try model.prefix(batch, upTo: seam, taps: taps, cache: &cache)
            let decision = try decide(prefix, prompts: [prompt])
            if let context = decision.contexts?[0] {
                let unedited = Unedited(model: model, tokenizer: tokenizer)
                return try unedited.begin(context + prompt)
                    .behind(context.count, trace: decision.traces[0])
            }
            let hidden = try model.suffix(
                prefix, adaptation: decision.adaptation, cache: &cache)  // [1, T, D]
            return Beginning(
                scores: try model.logits(hidden.last(of: prefix.lengths)), cache: cache!,
                adaptation: decision.adaptation, trace: decision.traces[0],
                hidden: try hidden.squeezed(0))
        }
    }
}

extension Beginning {
    /// The same of a prompt behind `count` tokens of context.
    fileprivate func behind(_ count: Int, trace: RouteTrace) throws -> Beginning {
        Beginning(
            scores: scores, cache: cache, adaptation: adaptation, trace: trace,
            hidden: try hidden.narrowed(dim: 0, start: count, length: hidden.size(0) - count))
    }
}
