import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// One LoRA in sequence against a plain PyTorch twin that runs the whole model in every step.
@Suite struct LoRATwinTests {
    @Test(arguments: ["gpt2", "llama"])
    func tenStepsOfTwoBatchesMatchTheTwin(family: String) throws {
        let fixture = try LoRAFixture(family)
        var editor = try fixture.editor(fixture.document.settings)
        for (index, expected) in fixture.document.batches.enumerated() {
            let losses = try editor.train(fixture.batch(index))
            try expectClose(losses, expected.losses)
            for (map, block) in zip(editor.maps, fixture.document.settings.blocks) {
                let name = "batch.\(index).final.blocks.\(block)"
                try expectClose(map.a, fixture.tensors.tensor(named: "\(name).a"), .afterAdam)
                try expectClose(map.b, fixture.tensors.tensor(named: "\(name).b"), .afterAdam)
            }
        }
        editor.learnedRows = 5
        let prompts = fixture.document.batches[0].rows.map(\.prompt)
        let tokens = try TokenBatch(prompts)
        let logits = try withoutGradients {
            let prefix = try fixture.model.prefix(tokens, upTo: editor.seam)
            let decision = try editor.decide(prefix, prompts: prompts)
            let hidden = try fixture.model.suffix(prefix, adaptation: decision.adaptation)
            return try fixture.model.logits(hidden.last(of: tokens.lengths))
        }
        try expectClose(logits, fixture.tensors.tensor(named: "logits"), .afterAdam)
    }

    @Test(arguments: ["gpt2", "llama"])
    func theEarlyStopComesWithTheTwins(family: String) throws {
        let fixture = try LoRAFixture(family)
        let stopping = fixture.document.stopping
        let editor = try fixture.editor(stopping.settings)
        let losses = try editor.train(fixture.batch(1))
        #expect(losses.count < stopping.settings.steps)
        try expectClose(losses, stopping.losses)
    }

    private func expectClose(
        _ losses: [Double], _ expected: [Double], location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(losses.count == expected.count, sourceLocation: location)
        for (loss, other) in zip(losses, expected) {
            #expect(Tolerance.twin.allows(loss, other), sourceLocation: location)
        }
    }

    private func expectClose(
        _ tensor: Tensor, _ expected: Tensor, _ tolerance: Tolerance,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try tolerance.firstDifference(tensor.floats(), expected.floats())
        #expect(difference == nil, sourceLocation: location)
    }
}

/// What the PyTorch twin did on a tiny model: reference/lora_fixture.py documents the format.
private struct LoRAFixture {
    struct Settings: Decodable {
        let part: FeedForwardPart
        let blocks: [Int]
        let rank, steps, stopEvery: Int
        let alpha, learningRate, stopMargin: Double
    }

    struct Row: Decodable { let prompt, target: [Int] }

    struct Batch: Decodable {
        let rows: [Row]
        let losses: [Double]
    }

    struct Stopping: Decodable {
        let settings: Settings
        let losses: [Double]
    }

    struct Document: Decodable {
        let eos: Int
        let settings: Settings
        let batches: [Batch]
        let stopping: Stopping
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("lora", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
    }

    /// An editor that starts from the twin's tensors.
    func editor(_ settings: Settings) throws -> LoRA {
        var config = LoRAConfig(
            firstBlock: settings.blocks[0], layers: settings.blocks.count, part: settings.part)
        (config.rank, config.alpha) = (settings.rank, settings.alpha)
        (config.steps, config.learningRate) = (settings.steps, settings.learningRate)
        config.stopEvery = settings.stopEvery > 0 ? settings.stopEvery : nil
        config.stopMargin = settings.stopMargin
        var state = try LoRA(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1
        ).state()
        for (index, block) in settings.blocks.enumerated() {
            for part in ["a", "b"] {
                state.tensors["layers.\(index).\(part)"] = try tensors.tensor(
                    named: "initial.blocks.\(block).\(part)")
            }
        }
        return try LoRA(restoring: state, model: model, tokenizer: NumberTokenizer())
    }

    func batch(_ index: Int) throws -> EditBatch {
        try EditBatch(
            document.batches[index].rows.map {
                EncodedRow(prompt: $0.prompt, target: $0.target + [document.eos])
            }, device: .cpu)
    }
}
