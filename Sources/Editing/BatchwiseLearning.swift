import Edits
import LanguageModels
import Tokenizers
import Torch

// Sizes: N target tokens, V vocabulary.

// What methods that learn a few rows at a time have in common.

extension [EditRow] {
    /// The tokens of every row, so that a fault of the last edit is found before the first is
    /// learned.
    ///
    /// - Throws: as `EncodedRow`.
    func encoded(for model: CausalModel, _ tokenizer: any Tokenizer) throws -> [EncodedRow] {
        try map { try EncodedRow($0, tokenizer: tokenizer, configuration: model.configuration) }
    }

    /// Goes through the rows `size` at a time, and tells after each batch how many of `edits` edits
    /// have been met.
    ///
    /// - Parameter teach: given the batch's places; returns the steps it took and their last loss.
    func inBatches(
        of size: Int, edits: Int, onProgress: (LearningProgress) throws -> Void,
        teach: (_ places: [Int]) throws -> (steps: Int, loss: Double?)
    ) throws {
        var met = Set<String>()
        for places in Array<Int>(indices).chunks(of: size) {
            let (steps, loss) = try teach(places)
            met.formUnion(places.map { self[$0].editID })
            try onProgress(
                LearningProgress(
                    edits: met.count, totalEdits: edits, steps: steps, loss: loss ?? 0))
        }
    }
}

extension Tensor {
    /// Whether, in logits [N, V], the label of every row [N] leads all others by more than `margin`.
    func leads(at labels: Tensor, by margin: Double) throws -> Bool {
        try withoutGradients {
            let index = try labels.unsqueezed(-1)
            let wanted = try gathered(dim: -1, index: index)  // [N, 1]
            let others = try scattered(
                dim: -1, index: index,
                source: .full(index.shape, value: -.infinity, device: device))
            let lead = try wanted.squeezed(-1) - others.max(dim: -1).values  // [N]
            return try lead.floats().allSatisfy { $0 > Float(margin) }
        }
    }
}

extension CausalModel {
    /// Beginnings of texts that the model writes by itself, each cut anywhere as a prompt may be,
    /// and the whole texts.
    ///
    /// - Throws: as `generate`. There may be fewer texts than asked for: empty ones are left out.
    func sampledTexts(
        _ count: Int, seed: UInt64
    ) throws -> (cuts: [[Int]], texts: [[Int]]) {
        let start = configuration.beginningOfText ?? configuration.endOfText.first ?? 0
        let length = Swift.min(32, configuration.contextLength - 1)
        var texts: [[Int]] = []
        for group in Array(0..<count).chunks(of: 64) {
            let options = GenerationOptions(
                maximumTokens: length, temperature: 1, seed: seed &+ UInt64(group[0]))
            texts += try generate(group.map { _ in [start] }, options: options).map(\.tokens)
        }
        texts = texts.filter { !$0.isEmpty }
        var random = SplitMix64(seed: seed)
        return (texts.map { [start] + $0.prefix(1 + random.below($0.count)) }, texts)
    }
}
