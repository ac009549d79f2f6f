import Edits
import Foundation
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

/// What an editor is between two batches: it can be taken away, brought back, and told again.
@Suite struct ELDERStateTests {
    @Test(arguments: Recipe.allCases)
    func twoRunsWithOneSeedAreBitEqual(recipe: Recipe) throws {
        let bench = try Bench("gpt2")
        let states = try (0..<2).map { _ in
            var editor = try bench.editor(recipe.config(of: bench), seed: 3)
            try editor.learn(bench.edits(0..<6)) { _ in }
            return try editor.state()
        }
        try expectSame(states[0], states[1])
    }

    @Test func anotherSeedGivesAnotherEditor() throws {
        let bench = try Bench("gpt2")
        let config = try Recipe.paper.config(of: bench)
        let (one, other) = (try bench.editor(config, seed: 1), try bench.editor(config, seed: 2))
        #expect(try !one.router.weight.isBitEqual(to: other.router.weight))
        #expect(try one.state().document != other.state().document)
    }

    @Test(arguments: Recipe.allCases, ["gpt2", "llama"])
    func savingAndGoingOnIsNotHavingStopped(recipe: Recipe, family: String) throws {
        let bench = try Bench(family)
        var editor = try bench.editor(recipe.config(of: bench), seed: 5)
        try editor.learn(bench.edits(0..<5)) { _ in }
        var restored = try ELDER(
            restoring: throughAFile(editor.state()), model: bench.model,
            tokenizer: NumberTokenizer())
        try expectSame(editor.state(), restored.state())

        try editor.learn(bench.edits(5..<10)) { _ in }
        try restored.learn(bench.edits(5..<10)) { _ in }
        try expectSame(editor.state(), restored.state())
        let prompts = try bench.edits(0..<12).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 4)
        let (one, other) = (
            try editor.complete(prompts, options: options),
            try restored.complete(prompts, options: options)
        )
        #expect(one.map(\.tokens) == other.map(\.tokens))
        #expect(one.map(\.trace) == other.map(\.trace))
    }

    @Test func aRestoredEditorDoesNotShareItsTensors() throws {
        let bench = try Bench("gpt2")
        var editor = try bench.editor(Recipe.paper.config(of: bench), seed: 5)
        try editor.learn(bench.edits(0..<4)) { _ in }
        let state = try editor.state()
        let before = try state.tensors.mapValues { try $0.detached().copy() }
        var restored = try ELDER(
            restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        try restored.learn(bench.edits(4..<8)) { _ in }
        for (name, tensor) in try editor.state().tensors {
            #expect(try tensor.detached().isBitEqual(to: before[name]!), "\(name)")
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func learningLeavesTheBaseModelBitForBit(family: String) throws {
        let bench = try Bench(family)
        let before = try bench.model.parameters.map { try $0.tensor.copy() }
        var editor = try bench.editor(Recipe.replaying.config(of: bench), seed: 1)
        try editor.learn(bench.edits(0..<8)) { _ in }
        for (old, (name, new)) in zip(before, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
            #expect(!new.requiresGradient, "\(name)")
            #expect(try new.gradient == nil, "\(name)")
        }
    }

    @Test(arguments: Recipe.allCases)
    func learningThatIsStoppedKeepsWhatItHadLearned(recipe: Recipe) throws {
        struct Enough: Error {}
        let bench = try Bench("gpt2")
        let config = try recipe.config(of: bench)
        var stopped = try bench.editor(config, seed: 7)
        #expect(throws: Enough.self) {
            try stopped.learn(bench.edits(0..<8)) { _ in throw Enough() }
        }
        var whole = try bench.editor(config, seed: 7)
        try whole.learn(bench.edits(0..<4)) { _ in }
        try expectSame(stopped.state(), whole.state())

        try stopped.learn(bench.edits(8..<12)) { _ in }
        try whole.learn(bench.edits(8..<12)) { _ in }
        try expectSame(stopped.state(), whole.state())
        let prompts = try bench.edits(0..<12).map(\.prompt)
        #expect(
            try stopped.complete(prompts, options: .init(maximumTokens: 2)).map(\.trace)
                == whole.complete(prompts, options: .init(maximumTokens: 2)).map(\.trace))
    }

    // MARK: Deferral

    @Test(arguments: ["gpt2", "llama"], ELDERConfig.Gate.allCases)
    func aDeferredAnswerIsTheUneditedModelsBitForBitAloneAndInCompany(
        family: String, gate: ELDERConfig.Gate
    ) throws {
        let bench = try Bench(family)
        let editor = try bench.strictEditor(gate)
        let prompts = try bench.edits(0..<24).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 6)
        let base = try Unedited(model: bench.model, tokenizer: NumberTokenizer())
            .complete(prompts, options: options)
        let together = try editor.complete(prompts, options: options)
        let isEdited = together.map { $0.trace.decision == .edited }
        #expect(isEdited.contains(true) && isEdited.contains(false))

        // Alone a batch holds nothing but deferred rows, together it holds both kinds.
        let unchanged = try editor.isUnchanged(prompts)
        for (index, prompt) in prompts.enumerated() {
            #expect(unchanged[index] == !isEdited[index])
            #expect(try editor.isUnchanged([prompt]) == [!isEdited[index]])
            guard !isEdited[index] else { continue }
            let alone = try editor.complete([prompt], options: options)[0]
            #expect(alone.tokens == base[index].tokens)
            #expect(together[index].tokens == base[index].tokens)
            #expect(together[index].text == base[index].text)
        }
    }

    @Test(arguments: ["gpt2", "llama"], ELDERConfig.Gate.allCases)
    func deferredRowsOfAPaddedBatchAreTheUneditedModelsBitForBit(
        family: String, gate: ELDERConfig.Gate
    ) throws {
        let bench = try Bench(family)
        let editor = try bench.strictEditor(gate)
        let prompts = try bench.edits(0..<24).map { NumberTokenizer().encode($0.prompt) }
        #expect(Set(prompts.map(\.count)).count > 1)
        let tokens = try TokenBatch(prompts)
        try withoutGradients {
            let prefix = try bench.model.prefix(tokens, upTo: editor.seam, taps: editor.taps)
            let decision = try editor.decide(prefix, prompts: prompts)
            let edited = try bench.model.logits(
                bench.model.suffix(prefix, adaptation: decision.adaptation))
            let base = try bench.model.logits(bench.model.hidden(tokens))
            for (row, trace) in decision.traces.enumerated() {
                let isSame = try edited.at(dim: 0, index: row)
                    .isBitEqual(to: base.at(dim: 0, index: row))
                #expect(isSame == (trace.decision == .deferred))
            }
        }
    }

    @Test func anEditorThatHasLearnedNothingDefersEverything() throws {
        let bench = try Bench("gpt2")
        for recipe in Recipe.allCases {
            let editor = try bench.editor(recipe.config(of: bench), seed: 1)
            let prompts = try bench.edits(0..<6).map(\.prompt)
            #expect(try editor.isUnchanged(prompts).allSatisfy { $0 })
            let answers = try editor.complete(prompts, options: .init(maximumTokens: 1))
            #expect(answers.allSatisfy { $0.trace.decision == .deferred })
        }
    }

    // MARK: Damage

    @Test func aMissingTensorIsNamedInOneSentence() throws {
        let bench = try Bench("gpt2")
        var editor = try bench.editor(Recipe.paper.config(of: bench), seed: 1)
        try editor.learn(bench.edits(0..<2)) { _ in }
        let whole = try editor.state()
        for name in whole.tensors.keys {
            var state = whole
            state.tensors[name] = nil
            let error = #expect(throws: EditError.self) {
                try ELDER(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
            }
            #expect(
                error?.message
                    == "The saved editor lacks the tensor '\(name)'; "
                    + "save it again from the original.")
        }
    }

    @Test func aTensorOfAnotherShapeIsNamedInOneSentence() throws {
        let bench = try Bench("gpt2")
        var editor = try bench.editor(Recipe.matching.config(of: bench), seed: 1)
        try editor.learn(bench.edits(0..<2)) { _ in }
        let whole = try editor.state()
        #expect(whole.tensors.count > 6)
        for (name, tensor) in whole.tensors {
            var state = whole
            state.tensors[name] = try Tensor.zeros(tensor.shape + [1])
            let error = #expect(throws: EditError.self) {
                try ELDER(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
            }
            #expect(
                error?.message.hasPrefix(
                    "expected the saved editor's tensor '\(name)' to have shape [") == true)
        }
    }

    @Test func anEditorOfAWiderModelIsRefused() throws {
        let bench = try Bench("gpt2")
        let state = try bench.editor(Recipe.paper.config(of: bench), seed: 1).state()
        let wider = try CausalModel.random(
            .gpt2(vocabularySize: 64, contextLength: 32, width: 32, blocks: 6, heads: 2), seed: 1)
        #expect(throws: EditError.self) {
            try ELDER(restoring: state, model: wider, tokenizer: NumberTokenizer())
        }
    }

    @Test func anEditorTakenStraightFromAnothersTensorsLearnsOn() throws {
        let bench = try Bench("gpt2")
        var editor = try bench.editor(Recipe.paper.config(of: bench), seed: 5)
        var restored = try ELDER(
            restoring: editor.state(), model: bench.model, tokenizer: NumberTokenizer())
        try editor.learn(bench.edits(0..<4)) { _ in }
        try restored.learn(bench.edits(0..<4)) { _ in }
        try expectSame(editor.state(), restored.state())
    }

    @Test(arguments: ["", "{", "{}", "[]"])
    func aDamagedRecordIsRefusedOnOneLine(document: String) throws {
        let bench = try Bench("gpt2")
        var state = try bench.editor(Recipe.paper.config(of: bench), seed: 1).state()
        state.document = document
        let error = #expect(throws: EditError.self) {
            try ELDER(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        }
        #expect(error?.message.hasPrefix("The saved editor's record cannot be read") == true)
        #expect(error?.message.contains("\n") == false)
    }

    // MARK: Helpers

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

    /// The state as it comes back from a disk.
    private func throughAFile(_ state: MethodState) throws -> MethodState {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "editor-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try writeSafetensors(state.tensors, metadata: ["editor": state.document], to: url)
        let file = try SafetensorsFile(url)
        let tensors = try file.names.map { ($0, try file.tensor(named: $0)) }
        return MethodState(
            tensors: Dictionary(uniqueKeysWithValues: tensors),
            document: file.metadata["editor"]!)
    }
}

/// Recipes that keep different things between two batches.
enum Recipe: String, CaseIterable, Sendable {
    case paper, refreshing, replaying, matching, matchingAndReplaying, byFact, unguided, perLayer

    func config(of bench: Bench) throws -> ELDERConfig {
        var config = try bench.config()
        switch self {
        case .paper: break
        case .refreshing: config.codeStorage = .refreshed
        case .replaying: config.replayRows = 3
        case .matching: config.gate = .match
        case .matchingAndReplaying:
            (config.gate, config.routeSource) = (.match, .match)
            (config.replayRows, config.codeStorage) = (6, .refreshed)
            config.renormalisesScores = true
            config.earlyStop = .init()
        case .byFact: (config.allocation, config.codeStorage) = (.fact, .allocation)
        case .unguided: (config.guidance, config.allocation) = (.off, .unassigned)
        case .perLayer: config.query = .perLayer
        }
        config.matchGate.samples = 16
        try config.validate()
        return config
    }
}

/// A tiny model, and edits made of numbers that it can be taught.
struct Bench {
    let model: CausalModel
    private let part: ELDERConfig.Part

    /// - Parameter family: `gpt2` or `llama`.
    init(_ family: String) throws {
        model = try ELDERFixture(family).model
        part = family == "gpt2" ? .expansion : .contraction
    }

    /// The paper's recipe with fewer and longer steps, which so narrow a model needs.
    func config() throws -> ELDERConfig {
        var config = try ELDERConfig.paper(blocks: model.configuration.blocks, part: part)
        (config.steps, config.learningRate) = (10, 1e-2)
        return config
    }

    func editor(_ config: ELDERConfig, seed: UInt64) throws -> ELDER {
        try ELDER(model: model, tokenizer: NumberTokenizer(), config: config, seed: seed)
    }

    /// An editor that has learned four edits and takes a prompt for covered only where its code is
    /// that of one of them, or its words are.
    func strictEditor(_ gate: ELDERConfig.Gate = .code) throws -> ELDER {
        var config = try config()
        (config.steps, config.guidanceWeight, config.hammingThreshold) = (60, 1, 1)
        (config.gate, config.matchGate.samples) = (gate, 16)
        var editor = try editor(config, seed: 1)
        try editor.learn(edits(0..<4)) { _ in }
        return editor
    }

    /// Always the same edit for the same number: a prompt of three to five tokens and a target of
    /// one or two.
    func edits(_ numbers: Range<Int>) throws -> [EditRecord] {
        try numbers.map { number in
            var random = SplitMix64(seed: UInt64(number))
            func words(_ count: Int) -> String {
                (0..<count).map { _ in "\(Int.random(in: 1..<60, using: &random))" }
                    .joined(separator: " ")
            }
            return try EditRecord(
                id: "edit-\(number)", prompt: words(3 + number % 3), target: words(1 + number % 2))
        }
    }
}
