import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// GRACE against a plain PyTorch twin that runs the whole model in every step.
@Suite struct GRACETwinTests {
    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "warm", "latched", "asked"])
    func everyStepOfSixEditsMatchesTheTwin(family: String, name: String) throws {
        let fixture = try GRACEFixture(family)
        let method = try fixture.learned(name) { batch, expected, losses in
            #expect(losses.count == expected.losses.count)
            for (loss, step) in zip(losses, expected.losses) {
                #expect(Tolerance.twin.allows(loss, step))
            }
        }
        let expected = fixture.cases[name]!
        let radii = method.codebook.entries.map { Float($0.radius) }
        #expect(Tolerance.twin.firstDifference(radii, expected.radii.map(Float.init)) == nil)
        try expectClose(method.codebook.keys!, fixture.tensors.tensor(named: "\(name).keys"))
        try expectClose(
            Tensor.stacked(method.codebook.values, dim: 0),
            fixture.tensors.tensor(named: "\(name).values"))
    }

    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "warm", "latched", "asked"])
    func scopeAndAnswersMatchTheTwin(family: String, name: String) throws {
        let fixture = try GRACEFixture(family)
        let method = try fixture.learned(name) { _, _, _ in }
        let answers = fixture.cases[name]!.answers
        let logits = try fixture.tensors.tensor(named: "\(name).logits")
        for (index, answer) in answers.enumerated() {
            let tokens = try TokenBatch([answer.prompt + answer.rest])
            let (last, decision) = try withoutGradients {
                let prefix = try fixture.model.prefix(tokens, upTo: method.seam)
                let decision = try method.decide(prefix, prompts: [answer.prompt])
                let hidden = try fixture.model.suffix(prefix, adaptation: decision.adaptation)
                return (try fixture.model.logits(hidden.last(of: tokens.lengths)), decision)
            }
            let trace = decision.traces[0]
            #expect((trace.decision == .edited) == answer.inScope)
            let entry = method.codebook.entries.first { entry in
                entry.editID == trace.nearestEdit
                    && Tolerance.twin.allows(trace.distance! * entry.radius, answer.distance)
            }
            #expect(entry != nil)
            try expectClose(last.squeezed(0), logits.at(dim: 0, index: index))
        }
    }

    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "warm", "latched", "asked"])
    func generatedTokensAreTheTwins(family: String, name: String) throws {
        let fixture = try GRACEFixture(family)
        let method = try fixture.learned(name) { _, _, _ in }
        for answer in fixture.cases[name]!.answers {
            guard let greedy = answer.greedy else { continue }
            let prompt = answer.prompt.map(String.init).joined(separator: " ")
            let said = try method.complete(
                [prompt], options: GenerationOptions(maximumTokens: 4, stopTokens: []))
            #expect(said[0].tokens == greedy)
        }
    }

    private func expectClose(
        _ tensor: Tensor, _ expected: Tensor, location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try Tolerance.afterAdam.firstDifference(
            tensor.floats(), expected.floats())
        #expect(difference == nil, sourceLocation: location)
    }
}

/// What the twin did: reference/grace_fixture.py documents the format.
struct GRACEFixture {
    struct Edit: Decodable {
        let prompt, target: [Int]
        let change: String
        let losses: [Double]
    }

    struct Answer: Decodable {
        let prompt, rest: [Int]
        let distance: Double
        let inScope: Bool
        let greedy: [Int]?
    }

    struct Settings: Decodable {
        let part: FeedForwardPart
        let block, steps: Int
        let radius, learningRate, stopLoss: Double
        let keyPosition: GRACEConfig.KeyPosition
        let replacement: GRACEConfig.Replacement
        let start: GRACEConfig.Start
        let expansion: GRACEConfig.Expansion
        let labelComparison: GRACEConfig.LabelComparison
        let routesOnce: Bool
    }

    struct Case: Decodable {
        let settings: Settings
        let edits: [Edit]
        let radii: [Double]
        let answers: [Answer]
    }

    private struct Document: Decodable {
        let cases: [String: Case]
    }

    let cases: [String: Case]
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("grace", family)
        (cases, tensors, model) = (files.document.cases, files.tensors, files.model)
    }

    func config(_ name: String) -> GRACEConfig {
        let settings = cases[name]!.settings
        return GRACEConfig(
            block: settings.block, part: settings.part, learningRate: settings.learningRate,
            steps: settings.steps, stopLoss: settings.stopLoss, radius: settings.radius,
            keyPosition: settings.keyPosition, replacement: settings.replacement,
            start: settings.start, expansion: settings.expansion,
            labelComparison: settings.labelComparison, routesOnce: settings.routesOnce,
            replacesSameKey: false)
    }

    /// The method after the twin's edits, from the twin's starts.
    func learned(
        _ name: String, observe: (EditBatch, Edit, [Double]) throws -> Void
    ) throws -> GRACE {
        var method = try GRACE(
            model: model, tokenizer: NumberTokenizer(), config: config(name), seed: 1)
        let candidates = try tensors.tensor(named: "candidates")
        for (index, edit) in cases[name]!.edits.enumerated() {
            let batch = try EditBatch(
                [EncodedRow(prompt: edit.prompt, target: edit.target)], device: .cpu)
            let losses = try method.teach(
                batch, editID: "\(index)", cold: candidates.at(dim: 0, index: index))
            try observe(batch, edit, losses)
        }
        return method
    }
}
