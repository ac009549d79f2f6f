import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// FT-L and FT-M: against the PyTorch twin, by hand, and between two edits.
@Suite struct FineTuningTests {
    // MARK: The twin

    @Test(
        arguments: ["gpt2", "llama"],
        ["one distribution", "teacher-forced", "without a box", "stopped"])
    func lossesAndWeightsMatchTheTwin(family: String, name: String) throws {
        let fixture = try FineTuningFixture(family)
        let expected = try #require(fixture.document.cases[name])
        var method = try fixture.method(expected.settings)
        for edit in expected.edits {
            let lessons = edit.rows.map {
                Lesson(
                    EncodedRow(prompt: $0.prompt, target: $0.target), expected.settings.loss,
                    learnsEnd: true, ends: 0)
            }
            let (_, losses) = try method.teach(lessons)
            #expect(losses.count == edit.losses.count)
            for (loss, twin) in zip(losses, edit.losses) {
                #expect(Tolerance.twin.allows(loss, twin))
            }
        }
        let map = try #require(method.map)
        try expectClose(map.weight, fixture.tensors.tensor(named: "\(name).weight"))
        if let bias = map.bias {
            try expectClose(bias, fixture.tensors.tensor(named: "\(name).bias"))
        }
    }

    // MARK: All at once

    @Test func allEditsAtOnceAreOneBatchAndAreAllLearned() throws {
        let edits = MethodCase(entry: .maskedFineTuning, preset: "joint", family: "gpt2")
        var method = try #require(try edits.editor() as? FineTuning)
        #expect(try method.plan(edits.edits) == [Array(try edits.edits.indices)])
        try method.learn(edits.edits) { _ in }
        let losses = try method.score(edits.edits.flatMap(\.rows)).map(\.logLikelihood)
        let before = try Unedited(model: method.model, tokenizer: method.tokenizer)
            .score(edits.edits.flatMap(\.rows)).map(\.logLikelihood)
        #expect(zip(losses, before).allSatisfy { $0 > $1 })
    }

    // MARK: By hand

    /// One distribution for two tokens: least where each has half, and there ln 2.
    @Test func theLossOfTwoTokensReadFromOneDistributionEndsAtLn2() throws {
        let lesson = Lesson(
            EncodedRow(prompt: [7], target: [1, 2]), .lastPromptToken, learnsEnd: true, ends: 0)
        #expect(lesson.tokens == [7] && lesson.places == [0, 0])
        let batch = try LessonBatch([lesson], device: .cpu)
        let logits = try Tensor.zeros([1, 4]).requireGradient()
        var optimizer = Adam(parameters: [logits], learningRate: 0.1)
        for _ in 0..<2000 {
            try batch.loss(logits.selected(dim: 0, index: batch.positions)).backward()
            try optimizer.step()
        }
        try withoutGradients {
            let loss = try batch.loss(logits.selected(dim: 0, index: batch.positions)).item()
            let odds = try logits.softmax(dim: -1).floats()
            #expect(abs(loss - 0.6931472) < 1e-4)
            #expect(abs(odds[1] - 0.5) < 1e-4 && abs(odds[2] - 0.5) < 1e-4)
        }
    }

    /// With a box as wide as the step, every weight with a gradient sits on its wall after one step.
    @Test(arguments: ["gpt2", "llama"])
    func oneStepLandsOnTheWallOfTheBox(family: String) throws {
        let fixture = try FineTuningFixture(family)
        var config = fixture.config(.teacherForced)
        (config.learningRate, config.box, config.steps) = (5e-4, 5e-4, 1)
        var method = try fixture.method(config)
        let start = try FineTunedMap(of: fixture.model, at: method.seam).weight.floats()
        try method.learn(fixture.edits(0..<1)) { _ in }
        let moved = zip(try method.map!.weight.floats(), start).map { abs($0 - $1) }
        #expect(moved.allSatisfy { $0 <= 5.001e-4 })
        let onTheWall = moved.filter { $0 > 4.99e-4 }.count
        #expect(Double(onTheWall) > 0.95 * Double(moved.count))
    }

    @Test func theBoxMovesWithEveryEdit() throws {
        let fixture = try FineTuningFixture("gpt2")
        var config = fixture.config(.teacherForced)
        (config.learningRate, config.box, config.steps) = (5e-4, 5e-4, 1)
        var method = try fixture.method(config)
        let start = try FineTunedMap(of: fixture.model, at: method.seam).weight.floats()
        try method.learn(fixture.edits(0..<6)) { _ in }
        let moved = zip(try method.map!.weight.floats(), start).map { abs($0 - $1) }
        #expect(moved.max()! > 1e-3)
    }

    @Test func theEndMarkIsLearnedOnlyWhereTheRecipeSaysSo() {
        let row = EncodedRow(prompt: [1, 2], target: [3, 4, 63])
        let without = Lesson(row, .lastPromptToken, learnsEnd: false, ends: 1)
        #expect(without.target == [3, 4] && without.places == [1, 1])
        let with = Lesson(row, .teacherForced, learnsEnd: true, ends: 1)
        #expect(with.tokens == [1, 2, 3, 4] && with.places == [1, 2, 3])
    }

    // MARK: Between two edits

    @Test(arguments: ["gpt2", "llama"], FineTuningConfig.Loss.allCases)
    func savingAndGoingOnIsNotHavingStopped(
        family: String, loss: FineTuningConfig.Loss
    ) throws {
        let fixture = try FineTuningFixture(family)
        var one = try fixture.method(fixture.config(loss))
        try one.learn(fixture.edits(0..<3)) { _ in }
        var other = try FineTuning(
            restoring: one.state(), model: fixture.model, tokenizer: NumberTokenizer())
        try one.learn(fixture.edits(3..<6)) { _ in }
        try other.learn(fixture.edits(3..<6)) { _ in }
        #expect(try one.state().document == other.state().document)
        for (name, tensor) in try one.state().tensors {
            #expect(try tensor.isBitEqual(to: other.state().tensors[name]!), "\(name)")
        }
        let prompts = try fixture.edits(0..<6).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 4)
        #expect(
            try one.complete(prompts, options: options).map(\.tokens)
                == other.complete(prompts, options: options).map(\.tokens))
    }

    @Test(arguments: ["gpt2", "llama"])
    func learningTeachesAndLeavesTheBaseModelBitForBit(family: String) throws {
        let fixture = try FineTuningFixture(family)
        let before = try fixture.model.parameters.map { try $0.tensor.copy() }
        var method = try fixture.method(fixture.config(.teacherForced))
        let prompt = try fixture.edits(0..<1)[0].prompt
        #expect(try method.isUnchanged([prompt]) == [true])
        #expect(method.storedBytes == StoredBytes(constant: 0, growing: 0))
        var seen: [Int] = []
        try method.learn(fixture.edits(0..<4)) { seen.append($0.edits) }
        #expect(seen == [1, 2, 3, 4])
        #expect(try method.isUnchanged([prompt]) == [false])
        #expect(method.storedBytes.constant == 4 * method.trainableParameters)
        for (old, (name, new)) in zip(before, fixture.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
            #expect(!new.requiresGradient)
        }
        let edit = try fixture.edits(3..<4)[0]
        let row = EditRow(editID: edit.id, prompt: edit.prompt, target: edit.target)
        let base = Unedited(model: fixture.model, tokenizer: NumberTokenizer())
        #expect(try method.score([row])[0].logLikelihood > base.score([row])[0].logLikelihood + 1)
    }

    @Test func aBatchIsLearnedTogether() throws {
        let fixture = try FineTuningFixture("gpt2")
        var config = fixture.config(.teacherForced)
        config.batchSize = 3
        var method = try fixture.method(config)
        var seen: [LearningProgress] = []
        try method.learn(fixture.edits(0..<5)) { seen.append($0) }
        #expect(seen.map(\.edits) == [3, 5])
        #expect(seen.allSatisfy { $0.steps <= config.steps && $0.loss.isFinite })
    }

    @Test(arguments: ["ft-l", "ft-m"], ["gpt2", "llama"])
    func thePresetsRunInBFloat16(name: String, family: String) throws {
        let fixture = try FineTuningFixture(family)
        let model = try fixture.model.cast(to: .bfloat16)
        let entry = try MethodEntry.named(name)
        for preset in entry.presets.map(\.name) {
            let recipe = try entry.recipe(preset, for: model.configuration)
            var method = try entry.method(
                model: model, tokenizer: NumberTokenizer(), recipe: recipe, seed: 1)
            try method.learn(fixture.edits(0..<2)) { #expect($0.loss.isFinite) }
            let said = try method.complete(
                [fixture.edits(0..<1)[0].prompt], options: .init(maximumTokens: 2))
            #expect(said[0].trace == .always())
        }
    }

    // MARK: What cannot be

    @Test func aBadRecipeGetsOneSentence() throws {
        let model = ModelConfiguration.gpt2XL
        let paper = FineTuningConfig.paper(.lastPromptToken, for: model)
        #expect(paper.layer == 0 && paper.box == 5e-4 && paper.trainsBias)
        let llama = FineTuningConfig.paper(.lastPromptToken, for: .llama2_7B)
        #expect(llama.layer == 21 && llama.box == nil && !llama.trainsBias)
        #expect(FineTuningConfig.romeLayer(.teacherForced, for: model).layer == 17)
        for (key, value, part) in [
            ("layer", "48", "expected `layer` to name one of the model's blocks 0 to 47, got 48"),
            ("box", "0", "expected `box` above 0, or absent, got 0"),
            ("steps", "0", "expected `steps` to be at least 1, got 0"),
            ("lerningRate", "1", "config key `lerningRate` is unknown; did you mean `learningR"),
        ] {
            let error = #expect(throws: EditError.self) {
                try paper.replacing([key: value]).validate(for: model)
            }
            #expect(error?.message.hasPrefix(part) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aDamagedStateIsRefused() throws {
        let fixture = try FineTuningFixture("gpt2")
        var method = try fixture.method(fixture.config(.teacherForced))
        try method.learn(fixture.edits(0..<1)) { _ in }
        var state = try method.state()
        state.tensors["bias"] = nil
        let error = #expect(throws: EditError.self) {
            try FineTuning(
                restoring: state, model: fixture.model, tokenizer: NumberTokenizer())
        }
        #expect(error?.message.contains("lacks the tensor 'bias'") == true)
        state.document = "{"
        #expect(throws: EditError.self) {
            try FineTuning(
                restoring: state, model: fixture.model, tokenizer: NumberTokenizer())
        }
    }

    @Test func aBadLastEditIsFoundBeforeTheFirstIsLearned() throws {
        let fixture = try FineTuningFixture("gpt2")
        var method = try fixture.method(fixture.config(.teacherForced))
        var edits = try fixture.edits(0..<1)
        edits.append(
            try EditRecord(
                id: "long", prompt: Array(repeating: "1", count: 40).joined(separator: " "),
                target: "2"))
        #expect(throws: EditError.self) { try method.learn(edits) { _ in } }
        #expect(method.map == nil)
    }

    private func expectClose(
        _ tensor: Tensor, _ expected: Tensor, location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try Tolerance.afterAdam.firstDifference(
            tensor.floats(), expected.floats())
        #expect(difference == nil, sourceLocation: location)
    }
}

/// What reference/finetune_fixture.py wrote, and the tiny model it is about.
struct FineTuningFixture {
    struct Row: Decodable {
        let prompt, target: [Int]
    }

    struct Edit: Decodable {
        let rows: [Row]
        let losses: [Double]
    }

    struct Settings: Decodable {
        let layer, steps: Int
        let loss: FineTuningConfig.Loss
        let trainsBias: Bool
        let box: Double?
        let learningRate, stop: Double
    }

    struct Case: Decodable {
        let settings: Settings
        let edits: [Edit]
    }

    struct Document: Decodable {
        let cases: [String: Case]
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    /// - Parameter family: `gpt2` or `llama`.
    init(_ family: String) throws {
        let files = try TwinFiles<Document>("finetune", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
    }

    func method(_ settings: Settings) throws -> FineTuning {
        var config = FineTuningConfig(
            loss: settings.loss, layer: settings.layer, trainsBias: settings.trainsBias,
            box: settings.box, learnsEnd: true)
        config.learningRate = settings.learningRate
        config.steps = settings.steps
        config.stopLoss = settings.stop
        return try method(config)
    }

    func method(_ config: FineTuningConfig) throws -> FineTuning {
        try FineTuning(model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
    }

    /// The published recipe with larger steps, which so narrow a model needs.
    func config(_ loss: FineTuningConfig.Loss) -> FineTuningConfig {
        var config = FineTuningConfig.paper(loss, for: model.configuration)
        (config.learningRate, config.box) = (0.02, 0.1)
        return config
    }

    func edits(_ numbers: Range<Int>) throws -> [EditRecord] {
        try numbers.map { number in
            try EditRecord(
                id: "\(number)", prompt: "\(number + 2) 7 \(3 * number + 1)",
                target: number.isMultiple(of: 2) ? "\(number + 20)" : "\(number + 20) 5")
        }
    }
}
