package import Edits
package import LanguageModels
import Tokenizers
import Torch

// Sizes: B prompts, V vocabulary.

extension Lifelong {
    /// The experts stand beside the MLP here.
    package var seam: Site { Site(block: config.block, part: .whole) }

    package var taps: [Site] { [] }

    /// Lets the base model write, to know which words are common.
    package mutating func prepare() throws {
        guard gate == nil else { return }
        let texts = try withoutGradients {
            try model.sampledTexts(config.samples, seed: seed).texts
        }
        gate = FactGate(
            config, background: PromptIndex(background: texts.map { tokenizer.decode($0) }))
    }

    /// Learns the edits one by one.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        try validate(edits)
        try prepare()
        // What was learned before an error is learned, and can be asked for.
        defer { openGate() }
        for (place, edit) in edits.enumerated() {
            let (fact, losses) = try taught(Lesson(edit))
            facts.append(fact)
            try onProgress(
                LearningProgress(edits: place + 1, totalEdits: edits.count, losses: losses))
        }
    }

    /// Knows just `edits`, in this order, and learns those it does not know yet.
    package mutating func hold(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws -> [Int] {
        try prepare()
        var known = Dictionary(grouping: facts) { $0.lesson.editID }
        var held: [Fact] = []
        var learned: [Int] = []
        for (place, lesson) in edits.map(Lesson.init).enumerated() {
            if let index = known[lesson.editID]?.firstIndex(where: { $0.lesson == lesson }) {
                held.append(known[lesson.editID]!.remove(at: index))
                continue
            }
            let (fact, losses) = try taught(lesson)
            held.append(fact)
            learned.append(place)
            try onProgress(
                LearningProgress(edits: place + 1, totalEdits: edits.count, losses: losses))
        }
        facts = held
        gate!.forgetAll()
        openGate()
        return learned
    }

    /// Lets the gate know the facts that were learned since it last heard of any.
    mutating func openGate() {
        guard let known = gate?.factCount else { return }
        gate!.insert(facts[known...], heard: tokenizer.heard)
    }

    /// The same editor, told which edit each of these prompts is about.
    package func knowing(_ edits: [[Int]: String]) -> Lifelong {
        var knowing = self
        let places = Dictionary(facts.enumerated().map { ($1.lesson.editID, $0) }) { $1 }
        knowing.oracle = edits.compactMapValues { places[$0] }
        return knowing
    }

    /// What the unedited model would say next after each prompt: probabilities, float32 [B, V].
    func answers(_ prefix: PrefixActivations, promptLengths: [Int]) throws -> Tensor {
        let ends = promptLengths.enumerated().map { row, length in
            row * prefix.width + length - 1
        }
        let positions = try Tensor(ends, shape: [ends.count], device: model.device)
        return try model.logits(model.suffix(prefix, adaptation: nil, at: positions))
            .softmax(dim: -1)
    }
}
