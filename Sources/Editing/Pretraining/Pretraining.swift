import Edits
import Foundation
package import LanguageModels
package import Tokenizers
package import Torch

// Sizes: B rows, T tokens, D width, V vocabulary.

/// Trains a small GPT-2 or LLaMA from nothing on rows of facts and prose.
///
/// The weights live in f32. Each step casts them to the compute dtype inside the graph, so that
/// gradients arrive in f32 too and the optimiser never rounds (mixed precision, arXiv 1710.03740,
/// without loss scaling, which bf16 does not need).
package struct Pretraining {
    package let config: PretrainingConfig
    /// The f32 weights, as a model.
    package let model: CausalModel

    private let rows: [TokenRow]
    private let device: Device
    private var buckets: LengthBuckets
    private var matrices: Adam
    private var vectors: Adam

    /// - Throws: `EditError` for a config that cannot be, a tokenizer without an end mark, or a row
    ///   beyond the context.
    package init(
        _ rows: [PretrainingRow], tokenizer: any Tokenizer, config: PretrainingConfig,
        device: Device = .cpu
    ) throws {
        try config.validate()
        guard let end = tokenizer.endOfText else {
            throw EditError(
                "expected a tokenizer with an end-of-text token, got one without; name it as "
                    + "eos_token in tokenizer_config.json.")
        }
        self.config = config
        self.device = device
        self.rows = rows.map { TokenRow($0, tokenizer: tokenizer, end: end) }
        for (row, encoded) in zip(rows, self.rows)
        where encoded.tokens.count > config.contextLength + 1 {
            throw EditError(
                "expected rows of at most \(config.contextLength) tokens, got "
                    + "\(encoded.tokens.count - 1) in '\(row.text.prefix(40))…'; shorten it or "
                    + "give a larger context.")
        }
        let shape = config.model(vocabularySize: tokenizer.vocabularySize, endOfText: end)
        model = try CausalModel.random(
            shape, seed: config.seed, dtype: .float32, device: device)
        buckets = LengthBuckets(
            lengths: self.rows.map { $0.tokens.count - 1 }, batchTokens: config.batchTokens,
            seed: config.seed)
        let weights = try model.parameters.map { try $0.tensor.requireGradient() }
        matrices = Adam(
            parameters: weights.filter { $0.rank > 1 }, learningRate: config.learningRate,
            beta2: config.beta2, weightDecay: config.weightDecay)
        vectors = Adam(
            parameters: weights.filter { $0.rank < 2 }, learningRate: config.learningRate,
            beta2: config.beta2)
    }

    /// Takes all steps; afterwards `model` no longer asks for gradients.
    ///
    /// - Parameter onProgress: called after each step; an error thrown from it ends the training.
    package mutating func run(onProgress: (PretrainingProgress) throws -> Void = { _ in }) throws {
        for step in 0..<config.steps {
            let loss = try advance(step)
            try onProgress(
                PretrainingProgress(step: step + 1, steps: config.steps, loss: loss))
        }
        for parameter in model.parameters { try parameter.tensor.requireGradient(false) }
    }

    /// One update of the weights; returns the loss before it.
    private mutating func advance(_ step: Int) throws -> Double {
        let (indices, width) = buckets.next()
        let batch = try PretrainingBatch(indices.map { rows[$0] }, width: width, device: device)
        let pass = try model.cast(to: config.dtype)
        let logits = try pass.logits(pass.hidden(batch.tokens))  // [B, T, V]
        let loss = try Tensor.crossEntropy(
            logits.reshaped([-1, logits.size(-1)]), labels: batch.labels,
            ignoring: PretrainingBatch.ignored)
        try loss.backward()
        try shortenGradients()
        matrices.learningRate = config.learningRate(at: step)
        vectors.learningRate = matrices.learningRate
        try matrices.step()
        try vectors.step()
        return try loss.item()
    }

    /// Scales all gradients together where their common length is beyond the limit.
    private func shortenGradients() throws {
        try withoutGradients {
            let gradients = try model.parameters.compactMap { try $0.tensor.gradient }
            let squares = try gradients.map { try ($0 * $0).sum() }
            let length = try Tensor.stacked(squares, dim: 0).sum().item().squareRoot()
            guard length > config.gradientNorm else { return }
            for gradient in gradients {
                try gradient.multiply(by: config.gradientNorm / length)
            }
        }
    }
}

/// How far training has come.
package struct PretrainingProgress: Sendable {
    /// Updates made so far.
    package let step: Int
    package let steps: Int
    /// Mean cross-entropy per token of the latest batch, in nats.
    package let loss: Double
}
