package import LanguageModels
import Tokenizers
package import Torch

// Sizes: n tokens of an answer, V vocabulary, T tokens, D width.

/// What a model answers to a prompt, and all the scores it chose by: what an export must give too.
package struct Recital {
    package let prompt: [Int]
    /// The likeliest token each time, without the end mark.
    package let answer: [Int]
    /// What predicts each token of the answer and the one after it, float32.
    package let scores: Tensor  // [n + 1, V]
}

extension CausalModel {
    /// Lets the model answer, with the same change to it all the way.
    ///
    /// - Parameter count: the most tokens of the answer.
    package func recital(
        of prompt: [Int], adaptation: (any Adaptation)?, atMost count: Int
    ) throws -> Recital {
        try recital(of: prompt, atMost: count) { _ in adaptation }
    }

    /// - Parameter adaptation: made anew for each pass, since some keep what a pass decided; given
    ///   the answer that the pass reads behind the prompt.
    func recital(
        of prompt: [Int], atMost count: Int,
        adaptation: (_ answer: [Int]) throws -> (any Adaptation)?
    ) throws -> Recital {
        try withoutGradients {
            // Scores want the whole answer inside the context.
            let room = max(0, min(count, configuration.maximumLength - prompt.count))
            let options = GenerationOptions(maximumTokens: room)
            let answer =
                room == 0
                ? []
                : try generate([prompt], options: options, adaptation: adaptation([]))[0].tokens
            return Recital(
                prompt: prompt, answer: answer,
                scores: try scores(of: answer, after: prompt, adaptation: adaptation(answer)))
        }
    }

    /// The scores with which each token of `answer` and the one after it are predicted, [n + 1, V].
    package func scores(
        of answer: [Int], after prompt: [Int], adaptation: (any Adaptation)?
    ) throws -> Tensor {
        try withoutGradients {
            let batch = try TokenBatch([prompt + answer], device: device)
            let hidden = try hidden(batch, adaptation: adaptation)  // [1, T, D]
            let said = try hidden.narrowed(
                dim: 1, start: prompt.count - 1, length: answer.count + 1)
            return try logits(said).squeezed(0)
        }
    }
}

extension EditingMethod {
    /// What the method answers to a prompt.
    package func recital(of prompt: String, atMost count: Int) throws -> Recital {
        try withoutGradients {
            let tokens = tokenizer.encode(prompt)
            // A method that works through the context has the model read it first, unedited.
            if let context = try decision(on: tokens, before: []).contexts?[0] {
                return try model.recital(of: context + tokens, adaptation: nil, atMost: count)
            }
            return try model.recital(of: tokens, atMost: count) {
                try decision(on: tokens, before: $0).adaptation
            }
        }
    }

    /// What is decided for a prompt, in a pass that reads `answer` behind it.
    private func decision(on prompt: [Int], before answer: [Int]) throws -> Decision {
        let batch = try TokenBatch([prompt + answer], device: model.device)
        let prefix = try model.prefix(batch, upTo: seam, taps: taps)
        return try decide(prefix, prompts: [prompt])
    }
}

/// How far the scores of another model are from a recital's.
package struct Discrepancy: Codable, Sendable, Equatable {
    /// The largest difference of two scores.
    package var difference: Double
    /// The largest score, without its sign.
    package var largest: Double
    /// Where the two would choose different tokens: by how much the first's choice led. Absent where
    /// they choose the same.
    package var lead: Double?

    package init(_ recital: Recital, scores: Tensor) throws {
        let mine = try recital.scores.to(.cpu)
        let other = try scores.to(.cpu)
        let (size, count) = (mine.size(-1), mine.size(0))
        let (one, two) = (try mine.floats(), try other.floats())
        // A score that is no number is as far off as can be; `max` would pass over it.
        difference = zip(one, two).reduce(0) {
            let gap = Double(abs($1.0 - $1.1))
            return gap.isNaN ? .infinity : max($0, gap)
        }
        largest = one.reduce(0) { max($0, Double(abs($1))) }
        let (chosen, others) = (
            try mine.argmax(dim: -1).ints(), try other.argmax(dim: -1).ints()
        )
        for place in 0..<count where chosen[place] != others[place] {
            let row = one[place * size..<(place + 1) * size]
            let gap = Double(
                row[row.startIndex + chosen[place]] - row[row.startIndex + others[place]])
            lead = max(lead ?? 0, gap)
        }
    }
}
