import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// LEMoE against a plain PyTorch twin that runs the whole model in every step.
@Suite struct LEMoETwinTests {
    @Test(
        arguments: ["gpt2", "llama"],
        [
            "paper", "per_expert", "shared_frozen", "shared_replay", "argmax", "soft",
            "renormalised", "half",
        ])
    func twoBatchesMatchTheTwin(family: String, name: String) throws {
        let fixture = try LEMoEFixture(family)
        let expected = fixture.document.cases[name]!
        var editor = try fixture.editor(fixture.config(name))
        for (batch, losses) in expected.losses.enumerated() {
            editor.random = SplitMix64(seed: fixture.document.shuffles[batch])
            let own = try editor.teach(
                fixture.rows(batch), editIDs: fixture.rows(batch).map { _ in "edit" },
                newcomer: fixture.newcomer(batch, ownProjection: name == "per_expert"))
            #expect(own.count == losses.count)
            for (loss, twin) in zip(own, losses) { #expect(Tolerance.twin.allows(loss, twin)) }
        }
        try fixture.expectTensors(of: editor, toEqual: name)

        let prompts = fixture.document.rows.joined().map(\.prompt)
        let scores = try editor.scores(editor.embeddings(prompts, subjects: editor.subjects))
        let difference = Tolerance.afterAdam.firstDifference(
            try scores.floats(), expected.scores.joined().map(Float.init))
        #expect(difference == nil)
    }
}

/// What the twin did on a tiny model: reference/lemoe_fixture.py documents the format.
private struct LEMoEFixture {
    struct Row: Decodable {
        let prompt, target: [Int]
    }

    struct Settings: Decodable {
        let block, expertWidth, bottleneck, batchSize, epochs: Int
        let learningRate, expertDecay, clipNorm: Double
    }

    struct Case: Decodable {
        let losses: [[Double]]
        let scores: [[Double]]
    }

    struct Document: Decodable {
        let settings: Settings
        let eos: Int
        let shuffles: [UInt64]
        let rows: [[Row]]
        let cases: [String: Case]
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("lemoe", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
    }

    func config(_ name: String) -> LEMoEConfig {
        let settings = document.settings
        var config = LEMoEConfig.paper(for: model.configuration)
        (config.block, config.expertWidth) = (settings.block, settings.expertWidth)
        (config.bottleneck, config.stopLoss) = (settings.bottleneck, 0)
        (config.batchSize, config.epochs) = (settings.batchSize, settings.epochs)
        (config.learningRate, config.expertDecay) = (settings.learningRate, settings.expertDecay)
        config.clipNorm = settings.clipNorm
        switch name {
        case "per_expert": config.projection = .perExpert
        case "shared_frozen": config.projection = .sharedFrozen
        case "shared_replay": config.projection = .sharedReplay
        case "argmax": config.trainRoute = .argmax
        case "soft": config.trainRoute = .soft
        case "renormalised": (config.trainRoute, config.renormalisesScores) = (.soft, true)
        case "half": (config.scale, config.expertDecay, config.clipNorm) = (0.5, 0.1, 0.1)
        default: break
        }
        return config
    }

    func editor(_ config: LEMoEConfig) throws -> LEMoE {
        var editor = try LEMoE(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        if config.projection != .perExpert {
            editor.router.projections = [try projection("initial.projection")]
        }
        return editor
    }

    func rows(_ batch: Int) -> [EncodedRow] {
        document.rows[batch].map {
            EncodedRow(prompt: $0.prompt, target: $0.target + [document.eos])
        }
    }

    func newcomer(_ batch: Int, ownProjection: Bool) throws -> Newcomer {
        let at = "initial.\(batch)"
        return Newcomer(
            expert: try Expert(
                width: document.settings.expertWidth, of: model.configuration
            ) { try tensors.tensor(named: "\(at).\($0)") },
            key: try tensors.tensor(named: "\(at).key"),
            projection: ownProjection ? try projection("\(at).projection") : nil)
    }

    private func projection(_ name: String) throws -> ValueProjection {
        ValueProjection(
            down: try tensors.tensor(named: "\(name).down"),
            up: try tensors.tensor(named: "\(name).up"))
    }

    func expectTensors(of editor: LEMoE, toEqual name: String) throws {
        func expect(_ tensor: Tensor, _ name: String) throws {
            let difference = Tolerance.afterAdam.firstDifference(
                try tensor.floats(), try tensors.tensor(named: name).floats())
            #expect(difference == nil, "\(name)")
        }
        for (batch, key) in editor.router.keys.enumerated() {
            try expect(key, "\(name).\(batch).key")
            guard name == "paper" else { continue }
            for (tensorName, tensor) in editor.experts[batch].tensors {
                try expect(tensor, "\(name).\(batch).\(tensorName)")
            }
        }
        for (index, projection) in editor.router.projections.enumerated() {
            try expect(projection.down, "\(name).projection.\(index).down")
            try expect(projection.up, "\(name).projection.\(index).up")
        }
    }
}
