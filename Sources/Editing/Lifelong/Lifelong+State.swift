import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: n edits, S sampled texts, d width of the residual stream.

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

    /// The numbers that learning an edit moves.
    package var trainableParameters: Int {
        Expert.parameters(width: config.expertWidth, of: model.configuration)
    }

    package var storedBytes: StoredBytes {
        let experts = facts.flatMap(\.expert.tensors).reduce(0) { $0 + $1.tensor.byteCount }
        let lessons = facts.flatMap(\.lesson.rows).reduce(0) {
            $0 + $1.prompt.utf8.count + $1.target.utf8.count
        }
        return StoredBytes(
            constant: gate.map {
                $0.calibration.samples.byteCount + $0.calibration.center.count * 4
            }
                ?? 0,
            growing: experts + lessons + (gate?.byteCount ?? 0))
    }

    package func state() throws -> MethodState {
        var tensors: [String: Tensor] = [:]
        if let calibration = gate?.calibration {
            tensors["gate.samples"] = calibration.samples
            tensors["gate.center"] = try Tensor(
                calibration.center, shape: [calibration.center.count])
        }
        if let first = facts.first {
            // Each of an expert's tensors, of all facts together: a file of few names.
            for (place, named) in first.expert.tensors.enumerated() {
                tensors["experts.\(named.name)"] = try Tensor.stacked(
                    facts.map { $0.expert.tensors[place].tensor }, dim: 0)  // [n, …]
            }
            let queries = facts.flatMap(\.queries)
            tensors["queries"] = try Tensor(
                queries.flatMap(\.self), shape: [queries.count, queries[0].count])
        }
        let rest = Rest(
            config: config, seed: seed, lessons: facts.map(\.lesson),
            words: gate?.calibration.words)
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
        let width = model.configuration.inputWidth(of: taps[0])
        if let words = rest.words {
            gate = FactGate(
                FactGate.Calibration(
                    config: config,
                    center: try state.tensor("gate.center", [width], on: .cpu).floats(),
                    samples: try state.tensor("gate.samples", [nil, width], on: model.device),
                    words: words))
        }
        guard !rest.lessons.isEmpty else { return }
        let count = rest.lessons.count
        let shapes = Expert.shapes(width: config.expertWidth, of: model.configuration)
        let stacks = try Dictionary(
            uniqueKeysWithValues: shapes.map { name, shape in
                (name, try state.tensor("experts.\(name)", [count] + shape, on: model.device))
            })
        let wordings = rest.lessons.reduce(0) { $0 + $1.rows.count }
        var queries = try state.tensor("queries", [wordings, width], on: .cpu).floats()
            .chunks(of: width)[...]
        facts = try rest.lessons.enumerated().map { place, lesson in
            defer { queries = queries.dropFirst(lesson.rows.count) }
            return Fact(
                lesson: lesson,
                expert: try Expert(width: config.expertWidth, of: model.configuration) {
                    // In storage of its own, so that leaving a fact out lets go of it.
                    try stacks[$0]!.at(dim: 0, index: place).copy()
                },
                queries: Array(queries.prefix(lesson.rows.count)))
        }
        try gate?.insert(facts[...])
    }

    private struct Rest: Codable {
        let config: LifelongConfig
        let seed: UInt64
        let lessons: [Lesson]
        /// The words of the base model's own text; nil before the gate is calibrated.
        let words: PromptIndex?
    }
}
