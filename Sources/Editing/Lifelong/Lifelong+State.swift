import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: n edits, W wordings of all of them, K tokens kept of an expectation.

extension Lifelong {
    /// An editor that has learned nothing yet.
    ///
    /// - Throws: `EditError` for a recipe that does not fit the model.
    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: LifelongConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.init(model: model, tokenizer: tokenizer, config: config, seed: seed, facts: [])
    }

    /// Every fact's own expert.
    package var trainableParameters: Int {
        facts.reduce(0) { $0 + $1.expert.parameterCount }
    }

    package var storedBytes: StoredBytes {
        let experts = facts.flatMap(\.expert.tensors).reduce(0) { $0 + $1.tensor.byteCount }
        let lessons = facts.flatMap(\.lesson.rows).reduce(0) {
            $0 + $1.prompt.utf8.count + $1.target.utf8.count
        }
        let expectations = facts.flatMap(\.expectations).reduce(0) { $0 + $1.tokens.count * 8 }
        return StoredBytes(
            constant: gate?.background.backgroundByteCount ?? 0,
            growing: experts + lessons + expectations)
    }

    package var editCount: Int { facts.count }

    package func state() throws -> MethodState { try state(after: 0) }

    package func state(after count: Int) throws -> MethodState {
        let facts = facts[count...]
        var tensors: [String: Tensor] = [:]
        if let first = facts.first {
            // Each of an expert's tensors, of all facts together: a file of few names.
            for (place, named) in first.expert.tensors.enumerated() {
                tensors["experts.\(named.name)"] = try Tensor.stacked(
                    facts.map { $0.expert.tensors[place].tensor }, dim: 0)  // [n, …]
            }
            (tensors["answers.tokens"], tensors["answers.probabilities"]) =
                try facts.flatMap(\.expectations).tensors()  // [W, K] each
        }
        let rest = Rest(
            config: config, seed: seed, lessons: facts.map(\.lesson),
            words: count == 0 ? gate?.background : nil)
        return try MethodState(tensors: tensors, rest: rest)
    }

    /// Goes on where `state` was taken.
    ///
    /// - Throws: `EditError` for a state that is damaged or of another model.
    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        let rest: Rest = try state.rest()
        try self.init(model: model, tokenizer: tokenizer, config: rest.config, seed: rest.seed)
        gate = rest.words.map { FactGate(config, background: $0) }
        try add(state)
    }

    package mutating func add(_ state: MethodState) throws {
        let rest: Rest = try state.rest()
        guard rest.config == config, rest.seed == seed else {
            throw EditError(
                "expected the parts of a saved editor to have one recipe and one seed, got several; "
                    + "save it again from the original.")
        }
        guard !rest.lessons.isEmpty else { return }
        let count = rest.lessons.count
        let shapes = Expert.shapes(width: config.expertWidth, of: model.configuration)
        let stacks = try Dictionary(
            uniqueKeysWithValues: shapes.map { name, shape in
                (name, try state.tensor("experts.\(name)", [count] + shape, on: model.device))
            })
        var expectations = try state.expectations(
            rest.lessons.reduce(0) { $0 + $1.rows.count },
            vocabulary: model.configuration.vocabularySize)[...]
        for (place, lesson) in rest.lessons.enumerated() {
            let expert = try Expert(width: config.expertWidth, of: model.configuration) {
                // In storage of its own, so that leaving a fact out lets go of it.
                try stacks[$0]!.at(dim: 0, index: place).copy()
            }
            facts.append(
                Fact(
                    lesson: lesson, expert: expert,
                    expectations: Array(expectations.prefix(lesson.rows.count))))
            expectations = expectations.dropFirst(lesson.rows.count)
        }
        openGate()
    }

    private struct Rest: Codable {
        let config: LifelongConfig
        let seed: UInt64
        let lessons: [Lesson]
        /// The words of the base model's own text; nil before the gate is calibrated, and in what
        /// follows another state.
        let words: PromptIndex?
    }
}

extension MethodState {
    /// What the unedited model would say to each of `count` wordings.
    fileprivate func expectations(_ count: Int, vocabulary: Int) throws -> [ExpectedAnswer] {
        let tokens = try tensor("answers.tokens", [count, nil], on: .cpu)
        let width = tokens.size(1)
        let probabilities = try tensor("answers.probabilities", [count, width], on: .cpu)
        let known = try tokens.ints()
        guard width > 0, known.allSatisfy((0..<vocabulary).contains) else {
            throw EditError(
                "expected the saved editor's tensor 'answers.tokens' to name tokens below "
                    + "\(vocabulary), but it does not; save it again from the original.")
        }
        return zip(known.chunks(of: width), try probabilities.floats().chunks(of: width))
            .map { ExpectedAnswer(tokens: $0, probabilities: $1) }
    }
}
