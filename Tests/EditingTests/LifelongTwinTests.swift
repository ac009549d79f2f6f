import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// The lifelong method's expert against a plain PyTorch twin that runs the whole model in every step.
@Suite struct LifelongTwinTests {
    @Test(arguments: ["gpt2", "llama"])
    func everyEditMatchesTheTwin(family: String) throws {
        let fixture = try LifelongFixture(family)
        let editor = try fixture.editor()
        let newborn = try fixture.expert("initial")
        for (index, losses) in fixture.document.losses.enumerated() {
            let (expert, _, own) = try editor.fit(newborn, to: fixture.rows(index))
            #expect(own.count == losses.count)
            for (loss, twin) in zip(own, losses) { #expect(Tolerance.twin.allows(loss, twin)) }
            for (twin, own) in zip(try fixture.expert("final.\(index)").tensors, expert.tensors) {
                let difference = Tolerance.afterAdam.firstDifference(
                    try own.tensor.floats(), try twin.tensor.floats())
                #expect(difference == nil, "\(index) \(own.name)")
            }
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func whatTheUneditedModelWouldSayAgreesAsInTheTwin(family: String) throws {
        let fixture = try LifelongFixture(family)
        let editor = try fixture.editor()
        func answers(_ prompts: [[Int]]) throws -> Tensor {
            let batch = try TokenBatch(prompts, device: .cpu)
            return try editor.answers(
                editor.model.prefix(batch, upTo: editor.seam), promptLengths: batch.lengths)
        }
        let wordings = try answers(fixture.document.edits.map { $0[0].prompt })
        let expectations = try [ExpectedAnswer](wordings, keeping: fixture.document.kept)
        let probabilities = try answers(fixture.document.prompts)
        for (row, twin) in fixture.document.agreements.enumerated() {
            let own = try probabilities.at(dim: 0, index: row).floats()
            for (expectation, twin) in zip(expectations, twin) {
                #expect(abs(expectation.agreement(with: own) - twin) < 1e-5)
            }
        }
    }
}

/// What the twin did on a tiny model: reference/lifelong_fixture.py documents the format.
private struct LifelongFixture {
    struct Row: Decodable {
        let prompt, target: [Int]
    }

    struct Settings: Decodable {
        let block, expertWidth, steps, marginEvery: Int
        let learningRate, margin: Double
    }

    struct Document: Decodable {
        let settings: Settings
        let eos: Int
        let edits: [[Row]]
        let losses: [[Double]]
        let kept: Int
        let prompts: [[Int]]
        /// Of each prompt with each edit.
        let agreements: [[Double]]
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("lifelong", family)
        (document, tensors, model) = (files.document, files.tensors, files.model)
    }

    func editor() throws -> Lifelong {
        let settings = document.settings
        var config = LifelongConfig.default(for: model.configuration)
        (config.block, config.expertWidth) = (settings.block, settings.expertWidth)
        (config.steps, config.learningRate) = (settings.steps, settings.learningRate)
        (config.margin, config.marginEvery) = (settings.margin, settings.marginEvery)
        return try Lifelong(model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
    }

    func expert(_ prefix: String) throws -> Expert {
        try Expert(width: document.settings.expertWidth, of: model.configuration) {
            try tensors.tensor(named: "\(prefix).\($0)")
        }
    }

    func rows(_ edit: Int) -> [EncodedRow] {
        document.edits[edit].map {
            EncodedRow(prompt: $0.prompt, target: $0.target + [document.eos])
        }
    }
}
