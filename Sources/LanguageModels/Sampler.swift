import Foundation
package import Torch

/// Draws each row's next token; a value, with one stream of random numbers per row.
///
/// Row i's draws do not depend on how many rows there are.
package struct Sampler {
    /// At most here the likeliest token has all the probability, and f32 would overflow.
    private static let coldest = 1e-6
    private let options: GenerationOptions
    private var streams: [RandomStream]

    init(_ options: GenerationOptions, rows: Int) {
        self.options = options
        var seeds = RandomStream(seed: options.seed)
        streams = (0..<rows).map { _ in RandomStream(seed: seeds.next()) }
    }

    /// Draws what row `row` of a batch would draw, for that row alone.
    package init(_ options: GenerationOptions, row: Int) {
        self.init(options, rows: row + 1)
        streams = [streams[row]]
    }

    /// - Parameter logits: f32, [B, V].
    /// - Returns: one token for each row.
    /// - Throws: `ModelError` where a row's scores are no numbers.
    package mutating func next(_ logits: Tensor) throws -> [Int] {
        guard options.temperature > Self.coldest else {
            let tokens = try logits.likeliest()
            guard !tokens.contains(nil) else { throw ModelError.scoresAreNoNumbers }
            return tokens.compactMap(\.self)
        }
        // The engine takes the exponentials: a vocabulary of them is slow in a loop.
        guard options.topK > 0, options.topK < logits.size(-1) else {
            return draw(try probabilities(logits), rows: logits.size(0))
        }
        let best = try logits.topK(options.topK, dim: -1)
        let ids = try best.indices.ints()
        return draw(try probabilities(best.values), rows: logits.size(0)).enumerated().map {
            ids[$0.offset * options.topK + $0.element]
        }
    }

    private func probabilities(_ logits: Tensor) throws -> [Float] {
        let weights = try (logits / options.temperature).softmax(dim: -1).floats()
        // One score that is no number leaves none in its row.
        guard
            stride(from: 0, to: weights.count, by: logits.size(-1)).allSatisfy({
                weights[$0].isFinite
            })
        else { throw ModelError.scoresAreNoNumbers }
        return weights
    }

    private mutating func draw(_ weights: [Float], rows: Int) -> [Int] {
        let width = weights.count / rows
        return (0..<rows).map { row in
            Self.draw(
                weights[row * width..<(row + 1) * width], topP: options.topP, using: &streams[row])
        }
    }

    /// Draws one index of `weights`, counted from its start.
    private static func draw(
        _ weights: ArraySlice<Float>, topP: Double, using stream: inout RandomStream
    ) -> Int {
        let start = weights.startIndex
        guard topP < 1 else {
            var rest = stream.unit() * weights.reduce(0) { $0 + Double($1) }
            let index = weights.firstIndex { weight in
                rest -= Double(weight)
                return rest < 0
            }
            return (index ?? weights.endIndex - 1) - start
        }
        let weights = weights.map(Double.init)
        let kept = nucleus(weights, topP)
        var rest = stream.unit() * kept.reduce(0) { $0 + weights[$1] }
        for index in kept {
            rest -= weights[index]
            if rest < 0 { return index }
        }
        return kept.last!
    }

    /// The fewest likeliest indices that together have the share `topP`, likeliest first.
    private static func nucleus(_ weights: [Double], _ topP: Double) -> [Int] {
        let total = weights.reduce(0, +)
        // All that is rarer than this has less than 1 - p together, so it need not be sorted.
        let floor = (1 - topP) * total / Double(weights.count)
        let sorted = weights.indices.filter { weights[$0] >= floor }
            .sorted { (weights[$0], $1) > (weights[$1], $0) }
        var reached = 0.0
        let last = sorted.firstIndex { index in
            reached += weights[index]
            return reached >= topP * total
        }
        return Array(sorted[...(last ?? sorted.count - 1)])
    }
}

extension Tensor {
    /// The likeliest token of each row of scores, f32 [B, V]: of equal ones the first, and nil where
    /// a score is no number or none is finite.
    package func likeliest() throws -> [Int?] {
        let best = try max(dim: -1)
        return zip(try best.indices.ints(), try best.values.floats()).map { $1.isFinite ? $0 : nil }
    }
}

extension ModelError {
    /// The error for scores that no token can be taken by.
    package static var scoresAreNoNumbers: ModelError {
        ModelError(
            "The model's scores should be numbers to choose tokens by, but some are not; "
                + "check its weights and what was learned on it.")
    }
}
