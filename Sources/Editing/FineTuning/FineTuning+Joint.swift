package import Edits
import LanguageModels
import Torch

// Sizes: N target tokens, D width of the residual stream.

/// Fine-tuning on all edits at once, which no stream of edits can do: the bound of the others.
extension FineTuning {
    /// All edits together, where rows are gone through more than once.
    package func plan(_ edits: [EditRecord]) throws -> [[Int]]? {
        config.passes.map { _ in [Array(edits.indices)] }
    }

    /// Goes through the lessons `passes` times, or until a pass leaves nothing to learn; in the same
    /// orders whatever the seed.
    mutating func teach(
        _ lessons: [Lesson], passes: Int, of edits: Int,
        onProgress: (LearningProgress) throws -> Void
    ) throws {
        let trained = try (map ?? FineTunedMap(of: model, at: seam))
            .trainable(withBias: config.trainsBias)
        var optimizer = Adam(
            parameters: trained.parameters(withBias: config.trainsBias),
            learningRate: config.learningRate)
        for pass in 1...passes {
            var random = SplitMix64(seed: UInt64(pass))
            var losses: [Double] = []
            for lessons in lessons.shuffled(using: &random).chunks(of: config.batchSize) {
                let batch = try LessonBatch(lessons, device: model.device)
                let hidden = try model.suffix(
                    model.prefix(batch.tokens, upTo: seam), adaptation: trained,
                    at: batch.positions)  // [N, D]
                let loss = try batch.loss(model.logits(hidden))
                losses.append(try loss.item())
                try loss.backward()
                try optimizer.step()
            }
            // Nothing is learned before all of it is: a pass counts for its share of the edits.
            try onProgress(
                LearningProgress(edits: edits * pass / passes, totalEdits: edits, losses: losses))
            if losses.max()! < config.stopLoss { break }
        }
        map = try trained.detached()
    }
}
