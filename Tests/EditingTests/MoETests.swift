import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// The conventional adaptor, and what sets LEMoE apart from it.
@Suite struct MoETests {
    @Test(arguments: ["gpt2", "llama"])
    func anUntrainedAdaptorChangesNoBit(family: String) throws {
        let bench = try LEMoEBench(family)
        var adaptor = try bench.adaptor { _ in }
        adaptor.learned = 1
        let prompts = try bench.bench.edits(0..<6).map(\.prompt)
        #expect(try adaptor.isUnchanged(prompts).allSatisfy { $0 })
        adaptor.learned = 0
        let answers = try adaptor.complete(prompts, options: .init(maximumTokens: 1))
        #expect(answers.allSatisfy { $0.trace == .unedited })
    }

    @Test(arguments: ["gpt2", "llama"], [1, 2])
    func everyTokenGoesThroughItsLikeliestExperts(family: String, active: Int) throws {
        let bench = try LEMoEBench(family)
        var adaptor = try bench.adaptor { $0.active = active }
        adaptor.experts = try adaptor.experts.enumerated().map { index, expert in
            try expert.mapped {
                try Tensor.normal($0.shape, deviation: 0.3, seed: UInt64(index))
            }
        }
        let d = bench.model.configuration.width
        let x = try Tensor.normal([2, 3, d], deviation: 1, seed: 5)
        let base = try Tensor.normal([2, 3, d], deviation: 1, seed: 6)
        let found = try adaptor.bypass.output(at: adaptor.seam, input: x, base: base, start: 0)
        for place in 0..<6 {
            let token = try x.reshaped([6, d]).narrowed(dim: 0, start: place, length: 1)
            let gates = try token.linear(weight: adaptor.router).softmax(dim: -1).floats()
            let best = gates.indices.sorted { gates[$0] > gates[$1] }.prefix(active)
            var expected = try base.reshaped([6, d]).narrowed(dim: 0, start: place, length: 1)
            for expert in best {
                expected = try expected + adaptor.experts[expert](token) * Double(gates[expert])
            }
            let difference = Tolerance.twin.firstDifference(
                try found.reshaped([6, d]).at(dim: 0, index: place).floats(),
                try expected.floats())
            #expect(difference == nil)
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func savingAndGoingOnIsNotHavingStopped(family: String) throws {
        let bench = try LEMoEBench(family)
        let base = try bench.model.parameters.map { try $0.tensor.copy() }
        var adaptor = try bench.adaptor { _ in }
        try adaptor.learn(bench.batch(0)) { _ in }
        let state = try adaptor.state()
        var restored = try MoE(
            restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        try adaptor.learn(bench.batch(1)) { _ in }
        try restored.learn(bench.batch(1)) { _ in }
        try expectSame(adaptor.state(), restored.state())
        var again = try bench.adaptor { _ in }
        try again.learn(bench.batch(0)) { _ in }
        try expectSame(state, again.state())
        for (old, (name, new)) in zip(base, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
        }
        let prompts = try bench.bench.edits(0..<4).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 3)
        let together = try adaptor.complete(prompts, options: options)
        for (prompt, answer) in zip(prompts, together) {
            #expect(try adaptor.complete([prompt], options: options)[0].tokens == answer.tokens)
            let tokens = NumberTokenizer().encode(prompt)
            let prefix = try bench.model.prefix(TokenBatch([tokens]), upTo: adaptor.seam)
            let scores = try prefix.input.at(dim: 0, index: 0).at(dim: 0, index: tokens.count - 1)
                .linear(weight: adaptor.router).floats()
            let expert = scores.indices.max { scores[$0] < scores[$1] }!
            #expect(answer.trace == .always(route: String(expert, radix: 16)))
        }
    }

    @Test func damageAndBadRecipesAreNamed() throws {
        let bench = try LEMoEBench("llama")
        let whole = try bench.adaptor { _ in }.state()
        for name in whole.tensors.keys {
            for damage in [nil, try Tensor.zeros([1])] {
                var state = whole
                state.tensors[name] = damage
                let error = #expect(throws: EditError.self) {
                    try MoE(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
                }
                #expect(error?.message.contains("'\(name)'") == true)
            }
        }
        for (key, value) in [("block", "6"), ("active", "9"), ("experts", "0"), ("expert", "1")] {
            let error = #expect(throws: EditError.self) {
                try MoEConfig.paper(for: bench.model.configuration).replacing([key: value])
                    .validate(for: bench.model.configuration)
            }
            #expect(error?.message.contains("`\(key)`") == true)
        }
    }

    @Test func aBfloat16ModelIsTaughtToo() throws {
        let bench = try LEMoEBench("llama", dtype: .bfloat16)
        var adaptor = try bench.adaptor { _ in }
        try adaptor.learn(bench.batch(0)) { _ in }
        #expect(adaptor.router.dtype == .float32)
        let prompts = try bench.bench.edits(0..<4).map(\.prompt)
        #expect(try adaptor.isUnchanged(prompts).contains(false))
    }

    // MARK: Forgetting

    @Test func theStreamIsCutAsItComes() throws {
        let bench = try LEMoEBench("gpt2")
        let plan = try bench.adaptor { _ in }.plan(bench.bench.edits(0..<10))
        #expect(plan == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    }

    /// The paper's analysis in small: what is learned later overwrites what was learned first,
    /// where experts are shared; frozen experts keep it, as far as prompts find them.
    @Test(arguments: ["gpt2", "llama"])
    func sharedExpertsForgetWhatFrozenOnesKeep(family: String) throws {
        let bench = try LEMoEBench(family)
        var adaptor = try bench.adaptor {
            ($0.learningRate, $0.epochs, $0.expertWidth) = (0.02, 300, 32)
        }
        var editor = try bench.editor(
            bench.config { ($0.learningRate, $0.epochs, $0.expertWidth) = (0.02, 300, 32) },
            batches: 0)
        let batches = try (0..<5).map { try bench.batch($0) }
        /// The share of target tokens that are right.
        func reliability(_ method: some EditingMethod, _ edits: [EditRecord]) throws -> Double {
            let right = try method.score(edits.flatMap(\.rows)).flatMap(\.isRight)
            return Double(right.count { $0 }) / Double(right.count)
        }
        for batch in batches {
            try adaptor.learn(batch) { _ in }
            #expect(try reliability(adaptor, batch) > 0.9)
            try editor.learn(batch) { _ in }
        }
        let told = editor.knowing(
            Dictionary(
                uniqueKeysWithValues: batches.joined().map {
                    (NumberTokenizer().encode($0.prompt), $0.id)
                }))
        let early = Array(batches.dropLast().joined())
        let (shared, frozen, found) = (
            try reliability(adaptor, early), try reliability(told, early),
            try reliability(editor, early)
        )
        #expect(frozen > 0.9)
        #expect(shared < frozen - 0.3)
        // What its own routing finds lies below what it knows.
        #expect(found <= frozen)
    }
}

extension LEMoEBench {
    /// The conventional adaptor with small experts and few, longer steps.
    func adaptor(_ change: (inout MoEConfig) -> Void) throws -> MoE {
        var config = MoEConfig.paper(for: model.configuration)
        (config.expertWidth, config.epochs, config.learningRate) = (8, 3, 0.01)
        (config.editsPerBatch, config.batchSize) = (4, 3)
        change(&config)
        return try MoE(model: model, tokenizer: NumberTokenizer(), config: config, seed: 7)
    }
}
