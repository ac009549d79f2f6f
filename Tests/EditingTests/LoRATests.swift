import Edits
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct LoRATests {
    private func config(of bench: Bench) throws -> LoRAConfig {
        var config = try LoRAConfig.paper(for: bench.model.configuration)
        (config.rank, config.alpha, config.steps) = (4, 4, 12)
        config.learningRate = 1e-2
        return config
    }

    private func editor(_ bench: Bench, seed: UInt64 = 1) throws -> LoRA {
        try LoRA(
            model: bench.model, tokenizer: NumberTokenizer(), config: config(of: bench), seed: seed)
    }

    @Test func thePaperIsOneLoRAAsWideAsFourOfELDERs() throws {
        let model = ModelConfiguration.gpt2XL
        let config = try LoRAConfig.paper(for: model)
        #expect(config.firstBlock == 36 && config.layers == 6 && config.part == .expansion)
        #expect(config.layers * config.rank * (1600 + 6400) == 1_536_000)
        let llama = try LoRAConfig.paper(for: .llama2_7B)
        #expect(llama.firstBlock == 21 && llama.layers == 6 && llama.part == .contraction)
        #expect(config.alpha / Double(config.rank) == 1)
    }

    @Test(arguments: ["gpt2", "llama"])
    func aFreshLoRAChangesNothingAndALearnedOneEverything(family: String) throws {
        let bench = try Bench(family)
        var editor = try editor(bench)
        let edits = try bench.edits(0..<8)
        let prompts = edits.map(\.prompt)
        #expect(try editor.isUnchanged(prompts).allSatisfy { $0 })
        #expect(
            try editor.complete(prompts, options: .init(maximumTokens: 1))
                .allSatisfy { $0.trace.decision == .deferred })
        try editor.learn(Array(edits[0..<4])) { _ in }
        #expect(try editor.isUnchanged(prompts).allSatisfy { !$0 })
        #expect(
            try editor.complete(prompts, options: .init(maximumTokens: 1))
                .allSatisfy { $0.trace == .always() })
    }

    @Test(arguments: ["gpt2", "llama"])
    func aBatchIsLearned(family: String) throws {
        let bench = try Bench(family)
        var config = try config(of: bench)
        config.steps = 300
        (config.stopEvery, config.stopMargin) = (5, 0.5)
        var editor = try LoRA(
            model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        let edits = try bench.edits(0..<4)
        var progress: [LearningProgress] = []
        try editor.learn(edits) { progress.append($0) }
        #expect(progress.count == 1 && progress[0].edits == 4 && progress[0].totalEdits == 4)
        #expect(progress[0].steps < 300)
        let scores = try editor.score(edits.flatMap(\.rows))
        #expect(scores.allSatisfy { $0.isRight.allSatisfy { $0 } })
        let answers = try editor.complete(edits.map(\.prompt), options: .init(maximumTokens: 4))
        #expect(answers.map(\.text) == edits.map(\.target))
    }

    @Test(arguments: ["gpt2", "llama"])
    func savingAndGoingOnIsNotHavingStopped(family: String) throws {
        let bench = try Bench(family)
        var editor = try editor(bench, seed: 5)
        try editor.learn(bench.edits(0..<5)) { _ in }
        var restored = try LoRA(
            restoring: editor.state(), model: bench.model, tokenizer: NumberTokenizer())
        try editor.learn(bench.edits(5..<8)) { _ in }
        try restored.learn(bench.edits(5..<8)) { _ in }
        try expectSame(editor.state(), restored.state())
    }

    @Test func oneSeedGivesTheSameBitsAndAnotherOthers() throws {
        let bench = try Bench("gpt2")
        let states = try [3, 3, 4].map { (seed: UInt64) in
            var editor = try editor(bench, seed: seed)
            try editor.learn(bench.edits(0..<3)) { _ in }
            return try editor.state()
        }
        try expectSame(states[0], states[1])
        #expect(states[0].document != states[2].document)
        #expect(
            try !states[0].tensors["layers.0.a"]!.isBitEqual(to: states[2].tensors["layers.0.a"]!))
    }

    @Test(arguments: ["gpt2", "llama"])
    func learningLeavesTheBaseModelBitForBit(family: String) throws {
        let bench = try Bench(family)
        let before = try bench.model.parameters.map { try $0.tensor.copy() }
        var editor = try editor(bench)
        try editor.learn(bench.edits(0..<4)) { _ in }
        for (old, (name, new)) in zip(before, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
            #expect(!new.requiresGradient, "\(name)")
        }
    }

    @Test func learningThatIsStoppedKeepsWhatItHadLearned() throws {
        struct Enough: Error {}
        let bench = try Bench("gpt2")
        var stopped = try editor(bench)
        #expect(throws: Enough.self) {
            try stopped.learn(bench.edits(0..<8)) { _ in throw Enough() }
        }
        var whole = try editor(bench)
        try whole.learn(bench.edits(0..<4)) { _ in }
        try expectSame(stopped.state(), whole.state())
    }

    @Test func aFaultOfTheLastEditIsFoundBeforeTheFirstIsLearned() throws {
        let bench = try Bench("gpt2")
        var editor = try editor(bench)
        let long = try EditRecord(
            id: "long", prompt: Array(repeating: "7", count: 40).joined(separator: " "),
            target: "1")
        #expect(throws: EditError.self) { try editor.learn(bench.edits(0..<4) + [long]) { _ in } }
        #expect(editor.learnedRows == 0)
    }

    @Test(arguments: ["gpt2", "llama"])
    func aModelInBfloat16Runs(family: String) throws {
        let configuration =
            family == "gpt2"
            ? ModelConfiguration.gpt2(
                vocabularySize: 64, contextLength: 32, width: 16, blocks: 4, heads: 2)
            : .llama(
                vocabularySize: 64, contextLength: 32, width: 16, blocks: 4, heads: 2,
                feedForwardWidth: 24)
        let model = try CausalModel.random(configuration, seed: 1, dtype: .bfloat16)
        var editor = try LoRA(
            model: model, tokenizer: NumberTokenizer(), config: .paper(for: configuration), seed: 1)
        try editor.learn(Bench(family).edits(0..<2)) { #expect($0.loss.isFinite) }
        #expect(editor.maps[0].a.dtype == .float32)
        #expect(try editor.score(Bench(family).edits(0..<2).flatMap(\.rows)).count == 2)
    }

    @Test(arguments: [
        ("rank", "0", "expected `rank` to be at least 1, got 0; choose another value."),
        ("firstBlock", "9", "`firstBlock` to name one of the model's blocks 0 to 5, got 9"),
        ("layers", "9", "expected `layers` from 1 to"),
        ("part", "whole", "expected `part` to be `expansion` or `contraction`, a linear map"),
        ("steps", "0", "expected `steps` to be at least 1, got 0"),
        ("learningRate", "0", "expected `learningRate` to be above 0, got 0.0"),
        ("stopEvery", "0", "expected `stopEvery` to be at least 1, got 0"),
        ("rnk", "3", "config key `rnk` is unknown; did you mean `rank`?"),
        ("part", "door", "The recipe cannot be read"),
    ])
    func aFaultyRecipeIsOneSentence(key: String, value: String, sentence: String) throws {
        let bench = try Bench("gpt2")
        let error = #expect(throws: EditError.self) {
            try config(of: bench).replacing([key: value])
                .validate(for: bench.model.configuration)
        }
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test func aRecipeComesBackFromJSON() throws {
        let bench = try Bench("llama")
        let config = try config(of: bench)
        #expect(try config.replacing(json: config.json()) == config)
        #expect(try config.replacing(["stopEvery": "5"]).stopEvery == 5)
    }

    @Test func aDamagedStateIsRefusedInOneSentence() throws {
        let bench = try Bench("gpt2")
        let whole = try editor(bench).state()
        for name in whole.tensors.keys {
            var (without, misshapen) = (whole, whole)
            without.tensors[name] = nil
            misshapen.tensors[name] = try Tensor.zeros([2, 2])
            for (state, fault) in [
                (without, "lacks the tensor '\(name)'"),
                (misshapen, "tensor '\(name)' to have shape"),
            ] {
                let error = #expect(throws: EditError.self) {
                    try LoRA(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
                }
                #expect(error?.message.contains(fault) == true)
            }
        }
        var state = whole
        state.document = "{}"
        #expect(throws: EditError.self) {
            try LoRA(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        }
    }

    private func expectSame(
        _ one: MethodState, _ other: MethodState, location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(one.document == other.document, sourceLocation: location)
        #expect(one.tensors.keys.sorted() == other.tensors.keys.sorted(), sourceLocation: location)
        for (name, tensor) in one.tensors {
            let isSame = try tensor.detached().isBitEqual(to: other.tensors[name]!.detached())
            #expect(isSame, "\(name)", sourceLocation: location)
        }
    }
}
