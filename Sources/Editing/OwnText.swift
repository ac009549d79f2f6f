import Edits
import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, S sampled texts, d width of a query.

/// What the base model writes by itself: what words and queries are like without any edit.
struct OwnText {
    /// What enters the tapped map at the last token of each text, cut anywhere: float32 [S, d].
    let queries: Tensor
    /// Knows the words of the texts, and no prompt.
    let words: PromptIndex

    /// - Parameter remedy: what to do about a model that writes nothing.
    /// - Throws: `EditError` for such a model.
    init(
        of model: CausalModel, tokenizer: any Tokenizer, tap: Site, count: Int, seed: UInt64,
        remedy: String
    ) throws {
        let (cuts, texts) = try model.sampledTexts(count, seed: seed)
        guard !texts.isEmpty else {
            throw EditError(
                "The base model writes nothing after its start token, so the match gate cannot be "
                    + "calibrated; \(remedy).")
        }
        queries = try Tensor.concatenated(
            cuts.chunks(of: 64).map { group in
                let batch = try TokenBatch(group, device: model.device)
                return try model.prefix(batch, upTo: tap, taps: [tap]).taps[tap]!
                    .last(of: batch.lengths).to(.float32)
            }, dim: 0)
        words = PromptIndex(background: texts.map { tokenizer.decode($0) })
    }
}

extension Tensor {
    /// The rows [B, d], taken from `center` where there is one, and of unit length.
    func directions(from center: Tensor?) throws -> Tensor {
        let centred = try center.map { try self - $0 } ?? self
        let length = try centred.pow(2).sum(dim: -1, keepDim: true).sqrt() + 1e-12
        return try centred / length
    }
}
