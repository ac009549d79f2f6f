import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

@testable import Editing

/// What the PyTorch twin wrote and traced on a tiny model: reference/rome_fixture.py has the format.
struct ROMEFixture {
    struct Edit: Decodable {
        let prompt, subject, target: String
    }

    struct Settings: Decodable {
        let layer, steps: Int
        let keys: ROMEConfig.Keys
        let learningRate, weightDecay, klFactor, clampFactor, stop: Double
    }

    struct Result: Decodable {
        let losses: [Double]
        let size: Double
    }

    struct Case: Decodable {
        let settings: Settings
        let ridge: Double?
        let edits: [Result]
    }

    struct Tracing: Decodable {
        let prompt, subject: String
        let seed: UInt64
        let window, copies, answer: Int
        let clean, corrupted: Double
        let restored: [Double]
    }

    struct Document: Decodable {
        let alphabet: String
        let contexts, passages: [String]
        let edits: [Edit]
        let cases: [String: Case]
        let tracing: Tracing
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel
    let tokenizer: LetterTokenizer

    /// - Parameter family: `gpt2` or `llama`.
    init(_ family: String) throws {
        let files = try TwinFiles<Document>("rome", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
        tokenizer = LetterTokenizer(alphabet: Array(document.alphabet))
    }

    /// A method that writes behind the twin's texts instead of sampled ones.
    func method(_ expected: Case) throws -> ROME {
        let settings = expected.settings
        var config = ROMEConfig(
            layer: settings.layer, keys: settings.keys, steps: settings.steps,
            weightDecay: settings.weightDecay)
        config.learningRate = settings.learningRate
        config.klFactor = settings.klFactor
        config.clampFactor = settings.clampFactor
        config.stopLoss = settings.stop
        var method = try method(config)
        method.contexts = document.contexts
        return method
    }

    func method(_ config: ROMEConfig) throws -> ROME {
        try ROME(model: model, tokenizer: tokenizer, config: config, seed: 1)
    }

    /// The published recipe with shorter texts before the prompt, which a context of 32 holds.
    func config(_ keys: ROMEConfig.Keys = .mixed) -> ROMEConfig {
        var config = ROMEConfig.paper(keys, for: model.configuration)
        (config.contextLengths, config.contextsPerLength, config.steps) = ([3, 5], 2, 6)
        return config
    }

    func edits() throws -> [EditRecord] {
        try document.edits.enumerated().map { index, edit in
            try EditRecord(
                id: "\(index)", prompt: edit.prompt, target: edit.target, subject: edit.subject)
        }
    }
}

/// One token a letter; letters beyond the alphabet are left out.
struct LetterTokenizer: Tokenizer {
    let alphabet: [Character]

    var vocabularySize: Int { 64 }
    var beginningOfText: Int? { nil }
    var endOfText: Int? { 63 }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        text.compactMap { alphabet.firstIndex(of: $0) }
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        String(ids.filter(alphabet.indices.contains).map { alphabet[$0] })
    }

    func id(of token: String) -> Int? { alphabet.firstIndex(of: Character(token)) }
    func token(of id: Int) -> String? { alphabet.indices.contains(id) ? String(alphabet[id]) : nil }
}
