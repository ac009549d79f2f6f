import Edits
import Foundation
package import LanguageModels
package import Torch

/// What a small model is made of, and how it is trained from nothing.
package struct PretrainingConfig: Codable, Sendable, Equatable {
    /// Whose architecture: everything that is not a size is as published for GPT-2 or LLaMA 2.
    package var family = ModelFamily.gpt2
    /// Transformer blocks; twelve leave room for a frozen prefix and six edited blocks.
    package var blocks = 12
    /// The residual stream's width D.
    package var width = 160
    package var heads = 4
    /// The most tokens a sequence may hold.
    package var contextLength = 128
    /// Updates of the weights.
    package var steps = 2600
    /// Tokens in a batch, padding included; rows of one batch are about equally long.
    package var batchTokens = 1536
    /// The highest learning rate, reached after `warmUpSteps`.
    package var learningRate = 1.5e-3
    package var warmUpSteps = 100
    /// What the cosine decay leaves of the learning rate at the end, as a share of it.
    package var finalShare = 0.02
    package var beta2 = 0.98
    /// Decoupled weight decay of matrices (AdamW); scales and biases have none.
    package var weightDecay = 0.01
    /// Gradients longer than this are shortened to it.
    package var gradientNorm = 1.0
    /// What the forward and backward passes compute in; weights and optimiser stay in f32.
    package var dtype = DType.bfloat16
    /// Fixes the first weights and the order of the rows.
    package var seed: UInt64 = 7

    package init() {}

    /// The learning rate of update `step`, counted from 0: a linear rise, then half a cosine.
    package func learningRate(at step: Int) -> Double {
        let rise = min(1, Double(step + 1) / Double(max(1, warmUpSteps)))
        let cosine = 0.5 * (1 + cos(Double.pi * Double(step) / Double(max(1, steps))))
        return learningRate * rise * (finalShare + (1 - finalShare) * cosine)
    }

    /// The model's shape for a tokenizer with these ids.
    func model(vocabularySize: Int, endOfText: Int) -> ModelConfiguration {
        var model =
            switch family {
            case .gpt2:
                ModelConfiguration.gpt2(
                    vocabularySize: vocabularySize, contextLength: contextLength, width: width,
                    blocks: blocks, heads: heads)
            case .llama:
                ModelConfiguration.llama(
                    vocabularySize: vocabularySize, contextLength: contextLength, width: width,
                    blocks: blocks, heads: heads, feedForwardWidth: gatedWidth)
            }
        model.beginningOfText = endOfText
        model.endOfText = [endOfText]
        return model
    }

    /// LLaMA's inner width: two thirds of 4 D, since a gate makes a third map, in whole sixteens.
    private var gatedWidth: Int { (width * 8 / 3 + 15) / 16 * 16 }

    /// - Throws: `EditError` naming the first value that cannot be.
    package func validate() throws {
        let counts = [
            ("blocks", blocks), ("width", width), ("heads", heads), ("context", contextLength),
            ("steps", steps), ("batch tokens", batchTokens),
        ]
        for (name, value) in counts where value < 1 {
            throw EditError("expected \(name) of at least 1, got \(value); give a larger number.")
        }
        guard width % heads == 0 else {
            throw EditError(
                "expected a width that \(heads) heads divide, got \(width); choose another.")
        }
        guard family == .gpt2 || width / heads % 2 == 0 else {
            throw EditError(
                "expected heads of an even width, since LLaMA turns their halves, got "
                    + "\(width / heads); choose another width or number of heads.")
        }
        guard learningRate > 0, gradientNorm > 0 else {
            throw EditError(
                "expected a learning rate and a gradient norm above 0, got \(learningRate) and "
                    + "\(gradientNorm); give positive numbers.")
        }
    }
}
