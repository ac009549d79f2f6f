import LanguageModels
import Tokenizers
import Torch

// Sizes: B rows, N target tokens of all rows together, V vocabulary.

/// The tokens that one row feeds, and at which of them which target token is wanted.
struct Lesson {
    let tokens: [Int]
    /// The same place again and again where one distribution shall say the whole target.
    let places: [Int]
    let target: [Int]
}

extension Lesson {
    /// - Throws: `EditError` for a row without tokens, or one that does not fit the context.
    init(
        _ row: EditRow, config: FineTuningConfig, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let row = try EncodedRow(row, tokenizer: tokenizer, configuration: model.configuration)
        self.init(
            row, config.loss, learnsEnd: config.learnsEnd,
            ends: model.configuration.endMark.count)
    }

    /// - Parameter ends: how many end marks close the row's target.
    init(_ row: EncodedRow, _ loss: FineTuningConfig.Loss, learnsEnd: Bool, ends: Int) {
        target = learnsEnd ? row.target : row.target.dropLast(ends)
        let last = row.prompt.count - 1
        switch loss {
        case .lastPromptToken:
            tokens = row.prompt
            places = target.map { _ in last }
        case .teacherForced:
            tokens = row.prompt + target.dropLast()
            places = target.indices.map { last + $0 }
        }
    }
}

/// Lessons side by side, padded on the right.
struct LessonBatch {
    let tokens: TokenBatch
    /// Where target tokens are wanted, in the flattened [B · T] rows: [N].
    let positions: Tensor
    /// The target tokens: [N].
    let labels: Tensor
    /// What each target token counts, so that rows count alike whatever their length: [N].
    let shares: Tensor

    init(_ lessons: [Lesson], device: Device) throws {
        tokens = try TokenBatch(lessons.map(\.tokens), device: device)
        let width = tokens.width
        let places = lessons.enumerated().flatMap { row, lesson in
            lesson.places.map { row * width + $0 }
        }
        let shares = lessons.flatMap { lesson in
            lesson.target.map { _ in 1 / Float(lesson.target.count * lessons.count) }
        }
        positions = try Tensor(places, shape: [places.count], device: device)
        labels = try Tensor(lessons.flatMap(\.target), shape: [places.count], device: device)
        self.shares = try Tensor(shares, shape: [places.count], device: device)
    }

    /// −log p of the target tokens, the mean of each row's mean.
    func loss(_ logits: Tensor) throws -> Tensor {
        let said = try logits.logSoftmax(dim: -1)
            .gathered(dim: -1, index: labels.unsqueezed(-1))  // [N, 1]
        return try (said.squeezed(-1) * shares).sum().negated()
    }
}
