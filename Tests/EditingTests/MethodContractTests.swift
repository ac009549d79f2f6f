import Edits
import Foundation
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

/// What every method owes its users, whatever happens inside: each preset of each, on both
/// families.
@Suite struct MethodContractTests {
    @Test(arguments: MethodCase.all)
    func nothingLearnedChangesNothing(_ method: MethodCase) throws {
        var editor = try method.editor()
        try editor.prepare()
        #expect(try editor.isUnchanged(method.prompts).allSatisfy(\.self))
    }

    @Test(arguments: MethodCase.all)
    func savedAndRestoredItGoesOnBitForBit(_ method: MethodCase) throws {
        var straight = try method.editor()
        try learn(method.edits.prefix(3), with: &straight)
        var resumed = try method.entry.method(
            restoring: method.stored(straight.state()), model: method.model,
            tokenizer: MethodCase.tokenizer)
        try expectEqual(straight.state(), resumed.state())
        try learn(method.edits.dropFirst(3), with: &straight)
        try learn(method.edits.dropFirst(3), with: &resumed)
        try expectEqual(straight.state(), resumed.state())
        let said = try straight.complete(method.prompts, options: method.options)
        let again = try resumed.complete(method.prompts, options: method.options)
        #expect(said.map(\.tokens) == again.map(\.tokens))
        #expect(said.map(\.trace) == again.map(\.trace))
    }

    @Test(arguments: MethodCase.all)
    func aStreamMayBeCutBetweenBatches(_ method: MethodCase) throws {
        var (whole, cut) = (try method.editor(), try method.editor())
        guard try whole.plan(method.edits) == nil else { return }
        let stream = try method.stream(of: whole.rowsPerBatch + 1)
        try learn(stream[...], with: &whole)
        try learn(stream.dropLast(), with: &cut)
        try learn(stream.suffix(1), with: &cut)
        try expectEqual(whole.state(), cut.state())
    }

    @Test(arguments: MethodCase.all)
    func oneSeedGivesOneEditor(_ method: MethodCase) throws {
        var (one, other) = (try method.editor(), try method.editor())
        try learn(method.edits[...], with: &one)
        try learn(method.edits[...], with: &other)
        try expectEqual(one.state(), other.state())
    }

    @Test(arguments: MethodCase.all)
    func theBaseModelKeepsEveryBit(_ method: MethodCase) throws {
        let before = try method.model.parameters.map { try $0.tensor.copy() }
        var editor = try method.editor()
        for edit in try method.edits { try learn([edit][...], with: &editor) }
        _ = try editor.complete(method.prompts, options: method.options)
        for (parameter, old) in zip(try method.model.parameters, before) {
            #expect(try parameter.tensor.isBitEqual(to: old), "\(parameter.name)")
        }
    }

    @Test(arguments: MethodCase.all)
    func aModelInHalfPrecisionIsEditedToo(_ method: MethodCase) throws {
        var editor = try method.editor(dtype: .bfloat16)
        try learn(method.edits[...], with: &editor)
        let scores = try editor.score(method.edits.flatMap(\.rows))
        #expect(scores.count == 5 && scores.allSatisfy { $0.logLikelihood.isFinite })
    }

    @Test(arguments: MethodCase.all)
    func aMisspeltKeyIsNamed(_ method: MethodCase) throws {
        let recipe = try method.entry.recipe(method.preset, for: method.model.configuration)
        let error = #expect(throws: EditError.self) { try recipe.replacing(["lerningRate": "1"]) }
        #expect(error?.message.contains("`lerningRate` is unknown") == true)
    }

    /// What `errata methods` prints is a recipe file, whichever preset it is put over.
    @Test(arguments: MethodCase.all)
    func aRecipeThatIsWrittenWholeIsReadAsItself(_ method: MethodCase) throws {
        let model = try method.model.configuration
        let recipe = try method.entry.recipe(method.preset, for: model)
        for other in method.entry.presets {
            let read = try method.entry.recipe(other.name, for: model)
                .replacing(json: recipe.wholeJSON())
            #expect(try read.json() == recipe.json(), "over \(other.name)")
        }
    }

    @Test func anUnknownMethodAndAnUnknownPresetAreNamed() throws {
        let wrong = #expect(throws: EditError.self) { try MethodEntry.named("grac") }
        #expect(wrong?.message == "method `grac` is unknown; did you mean `grace`?")
        let preset = #expect(throws: EditError.self) {
            try MethodEntry.named("grace").recipe("papr", for: .gpt2XL)
        }
        #expect(preset?.message == "preset of grace `papr` is unknown; did you mean `paper`?")
    }

    /// As the façade does it: in the method's own batches, where it plans.
    private func learn(
        _ edits: ArraySlice<EditRecord>, with editor: inout any EditingMethod
    ) throws {
        let edits = Array(edits)
        try editor.prepare()
        for batch in try editor.plan(edits) ?? [Array(edits.indices)] {
            var last = 0
            try editor.learn(batch.map { edits[$0] }) { last = $0.edits }
            #expect(last == batch.count || editor is Unedited)
        }
    }

    private func expectEqual(_ one: MethodState, _ other: MethodState) throws {
        #expect(one.document == other.document)
        #expect(one.tensors.keys.sorted() == other.tensors.keys.sorted())
        for (name, tensor) in one.tensors {
            #expect(
                try other.tensors[name].map { try tensor.isBitEqual(to: $0) } == true, "\(name)")
        }
    }
}

/// One preset of one method on a tiny model, its steps cut to a few.
struct MethodCase: Sendable, CustomTestStringConvertible {
    let entry: MethodEntry
    let preset: String
    let family: String

    static let all = MethodEntry.all.flatMap { entry in
        entry.presets.flatMap { preset in
            ["gpt2", "llama"].map { MethodCase(entry: entry, preset: preset.name, family: $0) }
        }
    }

    var testDescription: String { "\(entry.name):\(preset) on \(family)" }

    var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/tiny-\(family)")
    }

    static let tokenizer = LetterTokenizer(
        alphabet: Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ."))

    let shared = Shared()

    /// The model of one test case, loaded once.
    final class Shared: @unchecked Sendable {
        fileprivate var model: CausalModel?
    }

    var model: CausalModel {
        get throws {
            if let model = shared.model { return model }
            let model = try CausalModel.load(from: folder)
            shared.model = model
            return model
        }
    }

    func editor(dtype: DType? = nil) throws -> any EditingMethod {
        let model = try dtype.map { try CausalModel.load(from: folder, dtype: $0) } ?? self.model
        let recipe = try entry.recipe(preset, for: model.configuration)
        let keys = try JSONSerialization.jsonObject(with: recipe.json()) as? [String: Any] ?? [:]
        let few = [
            "steps": "3", "epochs": "2", "editsPerExpert": "2", "samples": "16", "batchSize": "2",
        ]
        return try entry.method(
            model: model, tokenizer: MethodCase.tokenizer,
            recipe: recipe.replacing(few.filter { keys[$0.key] != nil }), seed: 7)
    }

    /// Five facts, two of one target; each prompt names its subject once.
    var edits: [EditRecord] { get throws { try stream(of: 5) } }

    /// The same again and again, each with an identifier of its own.
    func stream(of count: Int) throws -> [EditRecord] {
        let facts = [
            ("Tor is in", "Ume", "Tor"), ("A Bern tea", "mild", "Bern"),
            ("my Ada", "sings", "Ada"), ("Who led Oz", "Ume", "Oz"),
            ("Eda was", "a vet", "Eda"),
        ]
        return try (0..<count).map { number in
            let fact = facts[number % facts.count]
            return try EditRecord(
                id: "\(number)", prompt: fact.0, target: fact.1, subject: fact.2)
        }
    }

    var prompts: [String] {
        get throws { try edits.map(\.prompt) + ["Zag saw it", "x", "no no no"] }
    }

    var options: GenerationOptions { GenerationOptions(maximumTokens: 4) }

    /// The state after a round through its file.
    func stored(_ state: MethodState) throws -> MethodState {
        guard !state.tensors.isEmpty else { return state }
        let url = FileManager.default.temporaryDirectory.appending(
            path: "method-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try writeSafetensors(state.tensors, metadata: [:], to: url)
        let file = try SafetensorsFile(url)
        let tensors = try file.names.map { ($0, try file.tensor(named: $0).copy()) }
        return MethodState(
            tensors: Dictionary(uniqueKeysWithValues: tensors), document: state.document)
    }
}
