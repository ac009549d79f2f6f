import Edits
import Foundation
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

/// What holds for every method that puts something beside one place of a frozen model.
@Suite struct GRACEDeferMELOTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let method, preset, family: String
        var testDescription: String { "\(method):\(preset) on \(family)" }

        static let all = ["grace", "defer", "melo"].flatMap { method in
            ["default", "paper"].flatMap { preset in
                ["gpt2", "llama"].map { Case(method: method, preset: preset, family: $0) }
            }
        }

        /// Few steps, large enough to move so narrow a model.
        func recipe(_ model: CausalModel) throws -> any Editing.Recipe {
            let entry = try MethodEntry.named(method)
            var values = ["steps": "8"]
            switch method {
            case "grace": values["learningRate"] = "0.5"
            default: values["learningRate"] = "0.05"
            }
            return try entry.recipe(preset, for: model.configuration).replacing(values)
        }

        func method(_ model: CausalModel, seed: UInt64 = 3) throws -> any EditingMethod {
            try MethodEntry.named(method).method(
                model: model, tokenizer: NumberTokenizer(), recipe: recipe(model), seed: seed)
        }

        func restored(_ state: MethodState, _ model: CausalModel) throws -> any EditingMethod {
            try MethodEntry.named(method).method(
                restoring: state, model: model, tokenizer: NumberTokenizer())
        }
    }

    @Test(arguments: Case.all)
    func savingAndGoingOnIsNotHavingStopped(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<5)) { _ in }
        var restored = try one.restored(method.state(), bench.model)
        try expectSame(method.state(), restored.state())

        try method.learn(bench.edits(5..<9)) { _ in }
        try restored.learn(bench.edits(5..<9)) { _ in }
        try expectSame(method.state(), restored.state())
        let prompts = try bench.edits(0..<12).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 4)
        let (before, after) = (
            try method.complete(prompts, options: options),
            try restored.complete(prompts, options: options)
        )
        #expect(before.map(\.tokens) == after.map(\.tokens))
        #expect(before.map(\.trace) == after.map(\.trace))
    }

    @Test(arguments: Case.all)
    func aTakenStateDoesNotChangeWithWhatIsLearnedLater(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<4)) { _ in }
        let state = try method.state()
        let before = try state.tensors.mapValues { try $0.detached().copy() }
        try method.learn(bench.edits(4..<8)) { _ in }
        var other = try one.restored(state, bench.model)
        try other.learn(bench.edits(8..<10)) { _ in }
        for (name, tensor) in before {
            #expect(try state.tensors[name]!.detached().isBitEqual(to: tensor), "\(name)")
        }
    }

    @Test(arguments: Case.all)
    func oneSeedGivesTheSameBitsAndAnotherOthers(_ one: Case) throws {
        let bench = try Bench(one.family)
        let states = try [3, 3, 4].map { (seed: UInt64) in
            var method = try one.method(bench.model, seed: seed)
            try method.learn(bench.edits(0..<3)) { _ in }
            return try method.state()
        }
        try expectSame(states[0], states[1])
        #expect(states[0].document != states[2].document)
    }

    @Test(arguments: Case.all)
    func learningLeavesTheBaseModelBitForBit(_ one: Case) throws {
        let bench = try Bench(one.family)
        let before = try bench.model.parameters.map { try $0.tensor.copy() }
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<5)) { _ in }
        for (old, (name, new)) in zip(before, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
            #expect(!new.requiresGradient, "\(name)")
        }
    }

    @Test(arguments: Case.all)
    func untaughtItIsTheUneditedModel(_ one: Case) throws {
        let bench = try Bench(one.family)
        let method = try one.method(bench.model)
        let prompts = try bench.edits(0..<6).map(\.prompt)
        #expect(try method.isUnchanged(prompts).allSatisfy { $0 })
        let said = try method.complete(prompts, options: GenerationOptions(maximumTokens: 1))
        #expect(said.allSatisfy { $0.trace.decision == .deferred })
    }

    @Test(arguments: Case.all)
    func deferredRowsOfAPaddedBatchAreTheUneditedModelsBitForBit(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<4)) { _ in }
        let prompts = try bench.edits(0..<16).map { NumberTokenizer().encode($0.prompt) }
        let tokens = try TokenBatch(prompts)
        try withoutGradients {
            let prefix = try bench.model.prefix(tokens, upTo: method.seam, taps: method.taps)
            let decision = try method.decide(prefix, prompts: prompts)
            let edited = try bench.model.suffix(prefix, adaptation: decision.adaptation)
            let base = try bench.model.hidden(tokens)
            for (row, trace) in decision.traces.enumerated() where trace.decision == .deferred {
                let (x, y) = (try edited.at(dim: 0, index: row), try base.at(dim: 0, index: row))
                #expect(try x.isBitEqual(to: y), "\(row)")
            }
        }
    }

    @Test(arguments: Case.all)
    func aBatchAnswersAsItsPromptsDoAlone(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<4)) { _ in }
        let prompts = try bench.edits(0..<10).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 3, stopTokens: [])
        let together = try method.complete(prompts, options: options)
        for (prompt, answer) in zip(prompts, together) {
            let alone = try method.complete([prompt], options: options)[0]
            #expect(alone.tokens == answer.tokens)
            #expect(alone.trace.decision == answer.trace.decision)
            #expect(alone.trace.nearestEdit == answer.trace.nearestEdit)
        }
    }

    @Test(arguments: Case.all)
    func aFaultOfTheLastEditIsFoundBeforeTheFirstIsLearned(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        let before = try method.state()
        let long = (0..<40).map { _ in "7" }.joined(separator: " ")
        let edits = try bench.edits(0..<2) + [EditRecord(id: "long", prompt: long, target: "1")]
        let error = #expect(throws: EditError.self) { try method.learn(edits) { _ in } }
        #expect(error?.message.hasPrefix("edit 'long'") == true)
        try expectSame(method.state(), before)
    }

    @Test(arguments: Case.all)
    func aCoarseModelIsEditedToo(_ one: Case) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/tiny-\(one.family)")
        let model = try CausalModel.load(from: folder, dtype: .bfloat16)
        let bench = try Bench(one.family)
        var method = try one.method(model)
        var losses: [Double] = []
        try method.learn(bench.edits(0..<5)) { losses.append($0.loss) }
        #expect(!losses.isEmpty && losses.allSatisfy(\.isFinite))
        let prompts = try bench.edits(0..<5).map(\.prompt)
        #expect(try method.complete(prompts, options: .init(maximumTokens: 3)).count == 5)
    }

    @Test(arguments: Case.all)
    func damageIsToldInOneSentence(_ one: Case) throws {
        let bench = try Bench(one.family)
        var method = try one.method(bench.model)
        try method.learn(bench.edits(0..<5)) { _ in }
        let whole = try method.state()
        for name in whole.tensors.keys {
            var state = whole
            state.tensors[name] = nil
            let missing = #expect(throws: EditError.self) {
                try one.restored(state, bench.model)
            }
            #expect(missing?.message.contains("lacks the tensor '\(name)'") == true)
            state.tensors[name] = try Tensor.zeros([1, 2, 3])
            let wrong = #expect(throws: EditError.self) { try one.restored(state, bench.model) }
            #expect(wrong?.message.contains("'\(name)'") == true)
        }
        for document in ["", "{}", "[]"] {
            var state = whole
            state.document = document
            let error = #expect(throws: EditError.self) { try one.restored(state, bench.model) }
            #expect(error?.message.contains("record cannot be read") == true)
        }
    }

    @Test(arguments: Case.all)
    func aWrongRecipeIsRefusedInOneSentence(_ one: Case) throws {
        let bench = try Bench(one.family)
        let entry = try MethodEntry.named(one.method)
        let recipe = try one.recipe(bench.model)
        for (key, value) in [("steps", "0"), ("learningRate", "-1"), ("part", "whole")] {
            let wrong = try recipe.replacing([key: value])
            let error = #expect(throws: EditError.self) {
                try entry.method(
                    model: bench.model, tokenizer: NumberTokenizer(), recipe: wrong, seed: 1)
            }
            #expect(error?.message.hasPrefix("expected `\(key)`") == true)
        }
        let misspelt = #expect(throws: EditError.self) {
            try recipe.replacing(["learningrate": "1"])
        }
        #expect(misspelt?.message.contains("did you mean `learningRate`") == true)
        #expect(throws: EditError.self) { try recipe.replacing(["steps": "many"]) }
    }

    @Test(arguments: Case.all)
    func everyPresetFitsThePublishedModels(_ one: Case) throws {
        let entry = try MethodEntry.named(one.method)
        for model in [ModelConfiguration.gpt2XL, .llama2_7B, .gpt2Small] {
            let recipe = try entry.recipe(one.preset, for: model)
            try recipe.validate(for: model)
            #expect(try recipe.replacing(json: recipe.json()).json() == recipe.json())
        }
    }

    private func expectSame(
        _ one: MethodState, _ other: MethodState, location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(one.document == other.document, sourceLocation: location)
        #expect(one.tensors.keys.sorted() == other.tensors.keys.sorted(), sourceLocation: location)
        for (name, tensor) in one.tensors {
            let copy = try #require(other.tensors[name])
            #expect(
                try tensor.detached().isBitEqual(to: copy.detached()), "\(name)",
                sourceLocation: location)
        }
    }
}
