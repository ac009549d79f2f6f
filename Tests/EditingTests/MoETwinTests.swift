import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// The conventional adaptor against a plain PyTorch twin that runs the whole model in every step.
@Suite struct MoETwinTests {
    @Test(arguments: ["gpt2", "llama"])
    func twoBatchesMatchTheTwin(family: String) throws {
        let fixture = try MoEFixture(family)
        var adaptor = try fixture.adaptor()
        for (batch, losses) in fixture.document.losses.enumerated() {
            adaptor.random = SplitMix64(seed: fixture.document.shuffles[batch])
            let own = try adaptor.teach(fixture.rows(batch))
            #expect(own.count == losses.count)
            for (loss, twin) in zip(own, losses) { #expect(Tolerance.twin.allows(loss, twin)) }
        }
        for (index, expert) in adaptor.experts.enumerated() {
            for (name, tensor) in expert.tensors {
                try fixture.expect(tensor, "final.\(index).\(name)")
            }
        }
        try fixture.expect(adaptor.router, "final.router")
    }
}

/// What the twin did on a tiny model: reference/moe_fixture.py documents the format.
private struct MoEFixture {
    struct Row: Decodable {
        let prompt, target: [Int]
    }

    struct Settings: Decodable {
        let block, expertWidth, experts, batchSize, epochs: Int
        let scale, learningRate, expertDecay, clipNorm: Double
    }

    struct Document: Decodable {
        let settings: Settings
        let eos: Int
        let shuffles: [UInt64]
        let rows: [[Row]]
        let losses: [[Double]]
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("moe", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
    }

    func adaptor() throws -> MoE {
        let settings = document.settings
        var config = MoEConfig.paper(for: model.configuration)
        (config.block, config.expertWidth) = (settings.block, settings.expertWidth)
        (config.experts, config.scale) = (settings.experts, settings.scale)
        (config.batchSize, config.epochs) = (settings.batchSize, settings.epochs)
        (config.learningRate, config.expertDecay) = (settings.learningRate, settings.expertDecay)
        (config.clipNorm, config.stopLoss) = (settings.clipNorm, 0)
        var adaptor = try MoE(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        adaptor.experts = try (0..<settings.experts).map { index in
            try Expert(width: settings.expertWidth, of: model.configuration) {
                try tensors.tensor(named: "initial.\(index).\($0)")
            }
        }
        adaptor.router = try tensors.tensor(named: "initial.router")
        return adaptor
    }

    func rows(_ batch: Int) -> [EncodedRow] {
        document.rows[batch].map {
            EncodedRow(prompt: $0.prompt, target: $0.target + [document.eos])
        }
    }

    func expect(_ tensor: Tensor, _ name: String) throws {
        let difference = Tolerance.afterAdam.firstDifference(
            try tensor.floats(), try tensors.tensor(named: name).floats())
        #expect(difference == nil, "\(name)")
    }
}
