import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

@Suite struct RetrievalTests {
    private func config(of bench: Bench) throws -> RetrievalConfig {
        var config = try RetrievalConfig.default(for: bench.model.configuration)
        config.samples = 16
        return config
    }

    private func method(
        _ bench: Bench, storing numbers: Range<Int> = 0..<4,
        _ change: (inout RetrievalConfig) -> Void = { _ in }
    ) throws -> Retrieval {
        var config = try config(of: bench)
        change(&config)
        var method = try Retrieval(
            model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        try method.learn(bench.edits(numbers)) { _ in }
        return method
    }

    private func decision(_ method: Retrieval, _ prompts: [String]) throws -> Decision {
        let ids = prompts.map { NumberTokenizer().encode($0) }
        return try withoutGradients {
            let batch = try TokenBatch(ids)
            let prefix = try method.model.prefix(batch, upTo: method.seam, taps: method.taps)
            return try method.decide(prefix, prompts: ids)
        }
    }

    @Test(arguments: ["gpt2", "llama"], RetrievalConfig.Gate.allCases)
    func aStoredPromptReadsItsEditFirst(
        family: String, gate: RetrievalConfig.Gate
    ) throws {
        let bench = try Bench(family)
        let method = try method(bench) { $0.gate = gate }
        let edits = try bench.edits(0..<4)
        let decision = try decision(method, edits.map(\.prompt))
        #expect(decision.adaptation == nil)
        #expect(decision.traces.allSatisfy { $0.decision == .edited && $0.gate == .match })
        #expect(decision.traces.map(\.nearestEdit) == edits.map(\.id))
        let written = edits.map { NumberTokenizer().encode("\($0.prompt) \($0.target)") }
        #expect(decision.contexts == written)
    }

    @Test(arguments: ["gpt2", "llama"])
    func itAnswersAsTheModelDoesAfterThatText(family: String) throws {
        let bench = try Bench(family)
        let method = try method(bench)
        let edits = try bench.edits(0..<3)
        let answers = try method.complete(edits.map(\.prompt), options: .init(maximumTokens: 3))
        let read = edits.map { "\($0.prompt) \($0.target) \($0.prompt)" }
        let expected = try Unedited(model: bench.model, tokenizer: NumberTokenizer())
            .complete(read, options: .init(maximumTokens: 3))
        #expect(answers.map(\.tokens) == expected.map(\.tokens))
        let scores = try method.score(edits.flatMap(\.rows))
        let rows = zip(read, edits).map { EditRow(editID: "", prompt: $0, target: $1.target) }
        let base = try Unedited(model: bench.model, tokenizer: NumberTokenizer()).score(rows)
        for (score, other) in zip(scores, base) {
            #expect(Tolerance.twin.allows(score.logLikelihood, other.logLikelihood))
        }
    }

    @Test(arguments: ["gpt2", "llama"], RetrievalConfig.Gate.allCases)
    func otherPromptsAreTheUneditedModelsBitForBit(
        family: String, gate: RetrievalConfig.Gate
    ) throws {
        let bench = try Bench(family)
        let method = try method(bench) { $0.gate = gate }
        let prompts = try bench.edits(0..<24).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 4)
        let together = try method.complete(prompts, options: options)
        let isEdited = together.map { $0.trace.decision == .edited }
        #expect(isEdited.contains(true) && isEdited.contains(false))
        let unchanged = try method.isUnchanged(prompts)
        let base = try Unedited(model: bench.model, tokenizer: NumberTokenizer())
            .complete(prompts, options: options)
        for index in prompts.indices where !isEdited[index] {
            #expect(unchanged[index])
            #expect(together[index].tokens == base[index].tokens)
            #expect(try method.isUnchanged([prompts[index]]) == [true])
        }
    }

    /// The tiny model's context holds 32 tokens: prompt and target fit it, and read before it they
    /// would not.
    @Test func aLongTargetIsScoredWhereItsEditDoesNotFitBeforeIt() throws {
        let bench = try Bench("gpt2")
        var method = try method(bench, storing: 0..<0)
        let long = try EditRecord(
            id: "long", prompt: "7 8 9", target: (0..<20).map { "\($0)" }.joined(separator: " "))
        try method.learn([long]) { _ in }
        #expect(try method.score(long.rows)[0].isRight.count >= 20)
        #expect(try decision(method, [long.prompt]).contexts == nil)
        // Another's target is not asked when the context is chosen, and fits all the same.
        try method.learn([EditRecord(id: "short", prompt: "1 2 3 4 5 6", target: "4")]) { _ in }
        #expect(try decision(method, ["1 2 3 4 5 6"]).contexts != nil)
        let row = EditRow(editID: "", prompt: "1 2 3 4 5 6", target: long.target)
        #expect(try method.score([row])[0].isRight.count >= 20)
    }

    @Test func nothingStoredDefersEverything() throws {
        let bench = try Bench("gpt2")
        let method = try method(bench, storing: 0..<0)
        let prompts = try bench.edits(0..<4).map(\.prompt)
        #expect(try method.isUnchanged(prompts).allSatisfy { $0 })
        let decision = try decision(method, prompts)
        #expect(decision.contexts == nil)
        #expect(decision.traces.allSatisfy { $0.decision == .deferred && $0.nearestEdit == nil })
    }

    @Test(arguments: RetrievalConfig.Gate.allCases)
    func theLatestWordHolds(gate: RetrievalConfig.Gate) throws {
        let bench = try Bench("gpt2")
        var method = try method(bench) {
            $0.gate = gate
            $0.edits = 3
        }
        let prompt = try bench.edits(0..<1)[0].prompt
        try method.learn([EditRecord(id: "later", prompt: prompt, target: "61")]) { _ in }
        let decision = try decision(method, [prompt])
        #expect(decision.traces[0].nearestEdit == "later")
        // The superseded answer is read no more, not even as a second text.
        let context = try #require(decision.contexts?[0])
        #expect(Array(context.suffix(4)) == NumberTokenizer().encode("\(prompt) 61"))
        let former = try bench.edits(0..<1)[0].target
        #expect(!NumberTokenizer().decode(context).contains("\(prompt) \(former)"))
    }

    @Test func everyWordingLeadsToTheLatestEditOfTheFact() throws {
        let bench = try Bench("gpt2")
        var method = try method(bench)
        func edit(_ id: String, _ prompt: String, _ target: String) throws -> EditRecord {
            try EditRecord(
                id: id, prompt: prompt, target: target, subject: "tower", relation: "place")
        }
        try method.learn([edit("old", "50 51 52", "1"), edit("new", "53 54 55", "2")]) { _ in }
        let decision = try decision(method, ["50 51 52"])
        #expect(decision.traces[0].nearestEdit == "new")
        #expect(decision.contexts == [[53, 54, 55, 2]])
    }

    @Test func theNearestOfSeveralEditsStandsLast() throws {
        let bench = try Bench("gpt2")
        let method = try method(bench, storing: 0..<8) {
            ($0.gate, $0.cosine, $0.edits) = (.cosine, 0, 2)
        }
        let edits = try bench.edits(0..<8)
        let decision = try decision(method, edits.map(\.prompt))
        for (edit, context) in zip(edits, decision.contexts ?? []) {
            let own = NumberTokenizer().encode("\(edit.prompt) \(edit.target)")
            #expect(Array(context.suffix(own.count)) == own)
        }
        #expect(decision.contexts!.contains { $0.count > 7 })
    }

    @Test func whatDoesNotFitTheContextIsNotRead() throws {
        let bench = try Bench("gpt2")  // of 32 tokens
        var method = try method(bench)
        let long = (1...14).map(String.init).joined(separator: " ")
        try method.learn([EditRecord(id: "long", prompt: long, target: "20")]) { _ in }
        let decision = try decision(method, [long])
        #expect(decision.traces[0].decision == .deferred)
        #expect(decision.traces[0].nearestEdit == "long")
        #expect(try method.isUnchanged([long]) == [true])
    }

    @Test func anEditIsWrittenAsTheRecipeSays() throws {
        let bench = try Bench("gpt2")
        let row = EditRow(editID: "", prompt: "1 2", target: " 3 ")
        for (template, expected) in [
            (RetrievalConfig.Template.plain, [1, 2, 3]), (.twice, [1, 2, 3, 1, 2, 3]),
            (.document, [1, 2, 3, 63]),
        ] {
            let method = try method(bench, storing: 0..<0) { $0.template = template }
            #expect(method.written(row) == expected)
        }
    }

    @Test func oneByOneIsAsGoodAsTogether() throws {
        let bench = try Bench("gpt2")
        let together = try method(bench, storing: 0..<6)
        var single = try method(bench, storing: 0..<0)
        for edit in try bench.edits(0..<6) { try single.learn([edit]) { _ in } }
        #expect(single.rows == together.rows)
        let prompts = try bench.edits(0..<12).map(\.prompt)
        #expect(
            try decision(single, prompts).contexts == decision(together, prompts).contexts)
        #expect(
            Tolerance.float32.firstDifference(
                try single.queries!.floats(), try together.queries!.floats()) == nil)
    }

    @Test(arguments: ["gpt2", "llama"], RetrievalConfig.Gate.allCases)
    func savingAndGoingOnIsNotHavingStopped(
        family: String, gate: RetrievalConfig.Gate
    ) throws {
        let bench = try Bench(family)
        var whole = try method(bench) { $0.gate = gate }
        var restored = try Retrieval(
            restoring: whole.state(), model: bench.model, tokenizer: NumberTokenizer())
        try whole.learn(bench.edits(4..<8)) { _ in }
        try restored.learn(bench.edits(4..<8)) { _ in }
        let (one, other) = (try whole.state(), try restored.state())
        #expect(one.document == other.document)
        #expect(one.tensors.keys.sorted() == other.tensors.keys.sorted())
        for (name, tensor) in one.tensors {
            #expect(try tensor.isBitEqual(to: other.tensors[name]!), "\(name)")
        }
        let prompts = try bench.edits(0..<16).map(\.prompt)
        #expect(try decision(whole, prompts).traces == decision(restored, prompts).traces)
    }

    @Test func bytesGrowWithTheEdits() throws {
        let bench = try Bench("gpt2")
        let (few, many) = (try method(bench, storing: 0..<2), try method(bench, storing: 0..<4))
        #expect(few.storedBytes.constant == many.storedBytes.constant)
        let texts = try bench.edits(0..<4).reduce(0) { $0 + $1.prompt.count + $1.target.count }
        #expect(many.storedBytes.growing == 4 * 16 * 4 + texts)
        #expect(few.storedBytes.growing < many.storedBytes.growing)
        #expect(many.trainableParameters == 0)
    }

    @Test(arguments: ["gpt2", "llama"])
    func storingLeavesTheBaseModelBitForBit(family: String) throws {
        let bench = try Bench(family)
        let before = try bench.model.parameters.map { try $0.tensor.copy() }
        _ = try method(bench)
        for (old, (name, new)) in zip(before, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
        }
    }

    @Test func aModelInBfloat16Runs() throws {
        let configuration = ModelConfiguration.llama(
            vocabularySize: 64, contextLength: 32, width: 16, blocks: 4, heads: 2,
            feedForwardWidth: 24)
        let model = try CausalModel.random(configuration, seed: 1, dtype: .bfloat16)
        var config = try RetrievalConfig.default(for: configuration)
        config.samples = 16
        var method = try Retrieval(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        let edits = try Bench("llama").edits(0..<2)
        try method.learn(edits) { #expect($0.steps == 0) }
        #expect(method.queries?.dtype == .float32)
        #expect(try method.score(edits.flatMap(\.rows)).allSatisfy { $0.trace.decision == .edited })
    }

    @Test(arguments: [
        ("edits", "0", "expected `edits` to be at least 1, got 0; choose another value."),
        ("cosine", "1", "expected `cosine` to be from 0 to below 1, got 1.0"),
        ("coverage", "-1", "expected `coverage` to be from 0 to below 1"),
        ("samples", "1", "expected `samples` to be at least 16, got 1"),
        ("queryBlock", "6", "`queryBlock` to name one of the model's blocks 0 to 5, got 6"),
        ("part", "whole", "expected `part` to be `expansion` or `contraction`"),
        ("tmplate", "plain", "config key `tmplate` is unknown; did you mean `template`?"),
        ("template", "door", "The recipe cannot be read"),
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

    @Test func aDamagedStateIsRefusedInOneSentence() throws {
        let bench = try Bench("gpt2")
        let whole = try method(bench).state()
        for name in whole.tensors.keys {
            var (without, misshapen) = (whole, whole)
            without.tensors[name] = nil
            misshapen.tensors[name] = try Tensor.zeros([2, 2, 2])
            for (state, fault) in [
                (without, "lacks the tensor '\(name)'"),
                (misshapen, "tensor '\(name)' to have shape"),
            ] {
                let error = #expect(throws: EditError.self) {
                    try Retrieval(
                        restoring: state, model: bench.model, tokenizer: NumberTokenizer())
                }
                #expect(error?.message.contains(fault) == true)
            }
        }
        var state = whole
        state.document = "{}"
        #expect(throws: EditError.self) {
            try Retrieval(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        }
    }
}
