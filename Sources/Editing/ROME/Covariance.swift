import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, T tokens, F width of a key.

/// What the base model's keys are like: C = mean of k kᵀ over all tokens of a text, not centred.
///
/// A write in the direction C⁻¹ k disturbs the values of such keys the least (Meng et al., 2022,
/// eq. 2). The authors took 100,000 articles of Wikipedia; any text that the model was made for
/// will do, if it has a few times as many tokens as a key has numbers.
struct Covariance {
    let matrix: Tensor  // [F, F], float32
    /// How many tokens it is the mean of.
    let tokens: Int

    /// - Parameter passages: texts, each cut off at the model's context.
    /// - Parameter site: the map whose inputs are the keys.
    /// - Throws: `EditError` for passages without a token.
    static func estimated(
        passages: [String], model: CausalModel, tokenizer: any Tokenizer, site: Site
    ) throws -> Covariance {
        let rows = passages.map {
            Array(tokenizer.encode($0).prefix(model.configuration.contextLength))
        }
        .filter { !$0.isEmpty }.sorted { $0.count < $1.count }
        let count = rows.reduce(0) { $0 + $1.count }
        guard count > 0 else {
            throw EditError("expected a text for the covariance, got none; name another file.")
        }
        let width = model.configuration.inputWidth(of: site)
        var sum = try Tensor.zeros([width, width], device: model.device)
        try withoutGradients {
            for group in rows.chunks(of: 16) {
                let keys = try keys(group, model: model, site: site)  // [tokens, F]
                sum = try sum + keys.transposed(0, 1).matmul(keys)
            }
        }
        return Covariance(matrix: try sum / Double(count), tokens: count)
    }

    /// What enters the map at every token that is not padding: [tokens, F], float32.
    private static func keys(
        _ rows: [[Int]], model: CausalModel, site: Site
    ) throws -> Tensor {
        let batch = try TokenBatch(rows, device: model.device)
        let places = rows.enumerated().flatMap { index, row in
            row.indices.map { index * batch.width + $0 }
        }
        let input = try model.prefix(batch, upTo: site).input.to(.float32)
        return try input.reshaped([-1, input.size(-1)]).selected(
            dim: 0, index: Tensor(places, shape: [places.count], device: model.device))
    }

    /// (C + ridge · mean of C's diagonal · I)⁻¹, [F, F].
    ///
    /// - Throws: `EditError` where fewer tokens than a key has numbers leave no inverse.
    func inverse(ridge: Double) throws -> Tensor {
        guard tokens >= matrix.size(0) || ridge > 0 else {
            throw EditError(
                "expected a covariance of at least \(matrix.size(0)) tokens, got \(tokens); name "
                    + "a longer text, or set `ridge`, say to 0.001.")
        }
        return try Self.inverse(of: matrix, ridge: ridge)
    }

    /// Solved in float64 on the CPU: a covariance has small eigenvalues beside very large ones.
    static func inverse(of matrix: Tensor, ridge: Double) throws -> Tensor {
        let width = matrix.size(0)
        let index = try Tensor.arange(0..<width)
        let identity = try index.unsqueezed(0).isEqual(to: index.unsqueezed(1)).to(.float64)
        let wide = try matrix.to(.cpu).to(.float64)
        let mean = try (wide * identity).sum().item() / Double(width)
        return try (wide + identity * (ridge * mean)).solved(for: identity)
            .to(.float32).to(matrix.device)
    }
}
