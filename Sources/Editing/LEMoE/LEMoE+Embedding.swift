import Edits
import LanguageModels
import Tokenizers
import Torch

// Sizes: B prompts, T tokens, d width of the residual stream.

extension LEMoE {
    /// What prompts are routed by, float32 [B, d]: the mean of the pooled tokens' rows in the
    /// embedding table, or of their hidden states (LEMoE section 4.2).
    ///
    /// Only the prompt is pooled, without the start token and without padding: what is taught and
    /// what is asked then give the same numbers, alone or in company.
    ///
    /// - Parameter prefix: the prompts' activations, for recipes that pool hidden states; without
    ///   them they are run.
    func embeddings(
        _ prompts: [[Int]], subjects: SubjectIndex, prefix: PrefixActivations? = nil
    ) throws -> Tensor {
        try withoutGradients {
            guard let tap = taps.first else {
                return try Tensor.stacked(
                    prompts.map { try mean(ofRows: pooled($0, subjects).tokens) }, dim: 0)
            }
            guard let prefix else {
                let parts = try prompts.map {
                    let batch = try TokenBatch([$0], device: model.device)
                    let prefix = try model.prefix(batch, upTo: tap, taps: [tap])
                    return try embeddings([$0], subjects: subjects, prefix: prefix)
                }
                return try Tensor.concatenated(parts, dim: 0)
            }
            let states = prefix.taps[tap]!  // [B, T, d]
            let means = try prompts.enumerated().map { row, prompt in
                let places = pooled(prompt, subjects).positions
                return try states.at(dim: 0, index: row).narrowed(
                    dim: 0, start: places.lowerBound, length: places.count
                ).to(.float32).mean(dim: 0)
            }
            return try Tensor.stacked(means, dim: 0)
        }
    }

    private func mean(ofRows tokens: [Int]) throws -> Tensor {
        let index = try Tensor(tokens, shape: [tokens.count], device: model.device)
        return try model.tokenEmbeddings.selected(dim: 0, index: index).to(.float32).mean(dim: 0)
    }

    /// Which tokens of a prompt count, and where they stand.
    private func pooled(
        _ prompt: [Int], _ subjects: SubjectIndex
    ) -> (tokens: [Int], positions: Range<Int>) {
        let hasStart = prompt.count > 1 && prompt[0] == tokenizer.beginningOfText
        let all = (hasStart ? 1 : 0)..<prompt.count
        switch config.pooling {
        case .instance: return (Array(prompt[all]), all)
        case .token: return ([prompt.last!], all.suffix(1))
        case .entity:
            guard let found = subjects.occurrence(in: prompt) else {
                return (Array(prompt[all]), all)
            }
            return (found.subject, found.positions)
        }
    }
}
