import Edits
import Foundation
import Torch

// Sizes: B rows, K tokens kept of V.

/// What the unedited model would say next after a prompt: its likeliest tokens.
///
/// Two wordings of one question get one answer from it, be that right or wrong, known or guessed;
/// another question about the same subject gets another.
struct ExpectedAnswer: Equatable {
    /// The likeliest first: [K].
    let tokens: [Int]
    let probabilities: [Float]

    /// How much of this another prompt's next token has, from 0 to 1: the Bhattacharyya coefficient
    /// Σ √(p q) over the tokens kept, as a share of their Σ p.
    ///
    /// - Parameter probabilities: of every token, [V].
    func agreement(with probabilities: [Float]) -> Double {
        var shared = 0.0
        var whole = 0.0
        for (token, p) in zip(tokens, self.probabilities) {
            shared += Double(p * probabilities[token]).squareRoot()
            whole += Double(p)
        }
        return min(shared / whole, 1)
    }
}

extension [ExpectedAnswer] {
    /// The `count` likeliest tokens of each row of `probabilities` [B, V].
    init(_ probabilities: Tensor, keeping count: Int) throws {
        let kept = Swift.min(count, probabilities.size(1))
        let (values, indices) = try probabilities.topK(kept, dim: 1)  // [B, K]
        self = zip(try indices.ints().chunks(of: kept), try values.floats().chunks(of: kept))
            .map { ExpectedAnswer(tokens: $0, probabilities: $1) }
    }

    /// All of them as two tensors [B, K]: int32 and float32.
    func tensors() throws -> (tokens: Tensor, probabilities: Tensor) {
        let shape = [count, self[0].tokens.count]
        return (
            try Tensor(flatMap(\.tokens), shape: shape).to(.int32),
            try Tensor(flatMap(\.probabilities), shape: shape)
        )
    }
}
