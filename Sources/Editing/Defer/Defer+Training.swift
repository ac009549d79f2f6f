package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, T tokens, in and out widths of the replaced map.

extension Defer {
    /// The frozen model ends at the replaced map, and what enters that is the query.
    package var seam: Site { config.site }
    package var taps: [Site] { [] }

    package mutating func prepare() throws {}

    /// Learns the rows of `edits` one at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        let encoded = try rows.encoded(for: model, tokenizer)
        try rows.inBatches(of: 1, edits: edits.count, onProgress: onProgress) { places in
            let losses = try teach(
                EditBatch(places.map { encoded[$0] }, device: model.device))
            return (losses.count, losses.last)
        }
    }

    /// The query of each row, float32 [B, in].
    func query(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Tensor {
        let places = zip(prompts, prefix.lengths).map {
            config.keyPosition.position(prompt: $0.count, length: $1)
        }
        return try prefix.input.last(of: places.map { $0 + 1 }).to(.float32)
    }

    /// Which positions take the prediction, bool [B, T].
    ///
    /// - Parameter rows: which rows have any.
    func replaced(_ prompts: [[Int]], width: Int, rows: [Bool]) throws -> Tensor {
        let places = zip(prompts, rows).flatMap { prompt, isReplaced in
            let range = config.replacement.positions(prompt: prompt.count, width: width)
            return (0..<width).map { isReplaced && range.contains($0) }
        }
        return try Tensor(places, shape: [prompts.count, width], device: model.device)
    }

    /// The decision in words: the distance is one minus the score, and the score of the threshold
    /// is in scope.
    func trace(score: Double, isOpen: Bool) -> RouteTrace {
        let match = Match(index: 0, distance: 1 - score)
        return RouteTrace(
            isOpen ? .edited(match) : .deferred(match), nearestEdit: nil,
            threshold: 1 - config.threshold, gate: .score)
    }
}
