import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct DeferTests {
    private static let site = Site(block: 0, part: .expansion)

    /// What an open or shut gate makes of the map's outputs 1, 2, 3 where the prediction is 10.
    private func decided(_ score: Float) throws -> [Float] {
        // A gate that says `score` and a predictor that says 10, whatever the query.
        let logit = Float(log(Double(score) / (1 - Double(score))))
        let predictor = GatedPredictor(
            gateWeight: try Tensor.zeros([1, 1]), gateBias: try Tensor([logit], shape: [1]),
            weight: try Tensor.zeros([1, 1]), bias: try Tensor([10 as Float], shape: [1]))
        let query = try Tensor([0 as Float], shape: [1, 1])
        let isOpen = try predictor.score(query).isAtLeast(.full([1, 1], value: 0.5))
        let adaptation = PredictionSwitch(
            site: Self.site, prediction: try predictor.prediction(query),
            isReplaced: try isOpen.expanded([1, 3]), later: .latched(try isOpen.squeezed(1)))
        let base = try Tensor([1, 2, 3] as [Float], shape: [1, 3, 1])
        return try adaptation.output(at: Self.site, input: base, base: base, start: 0).floats()
    }

    @Test func theSwitchIsHardAtOneHalf() throws {
        #expect(try decided(0.49) == [1, 2, 3])
        #expect(try decided(0.5) == [10, 10, 10])
    }

    @Test func teachingMixes() throws {
        let mixture = PredictionMixture(
            site: Self.site, score: try Tensor([0.5 as Float], shape: [1, 1]),
            prediction: try Tensor([10 as Float], shape: [1, 1]),
            isMixed: try Tensor([true, true, false], shape: [1, 3]))
        let base = try Tensor([1, 2, 3] as [Float], shape: [1, 3, 1])
        let output = try mixture.output(at: Self.site, input: base, base: base, start: 0)
        #expect(try output.floats() == [5.5, 6, 3])
        let other = Site(block: 0, part: .contraction)
        #expect(
            try mixture.output(at: other, input: base, base: base, start: 0).isBitEqual(to: base))
    }

    @Test func itHasAsManyParametersAsTheReleasedOne() {
        for (model, gate, predictor) in [
            (ModelConfiguration.gpt2XL, 1_601, 10_246_400), (.llama2_7B, 11_009, 45_092_864),
        ] {
            let site = DeferConfig.paper(for: model).site
            let (width, output) = (model.inputWidth(of: site), model.outputWidth(of: site))
            #expect(width + 1 == gate)
            #expect(output * (width + 1) == predictor)
        }
    }

    @Test func itStartsAsLinearMapsDo() throws {
        let bench = try Bench("llama")
        let method = try Defer(
            model: bench.model, tokenizer: NumberTokenizer(),
            config: .paper(for: bench.model.configuration), seed: 1)
        let bound = Float(1 / 24.0.squareRoot())
        for tensor in method.predictor.tensors {
            #expect(try tensor.abs().floats().max()! <= bound)
        }
        #expect(try method.predictor.weight.abs().floats().max()! > 0.9 * bound)
        #expect(method.trainableParameters == 24 + 1 + 16 * 24 + 16)
    }

    @Test(arguments: ["gpt2", "llama"])
    func aGateThatIsOpenForThePromptStaysOpen(family: String) throws {
        let bench = try Bench(family)
        var config = DeferConfig.default(for: bench.model.configuration)
        (config.steps, config.learningRate, config.threshold) = (40, 0.02, 0)
        var method = try Defer(
            model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        let edits = try bench.edits(0..<3)
        try method.learn(edits) { _ in }
        let scores = try method.score(edits.flatMap(\.rows))
        let said = try method.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 4))
        for (edit, (score, answer)) in zip(edits, zip(scores, said)) {
            let isAnswered =
                answer.reason == .stopToken
                && answer.tokens == edit.target.split(separator: " ").map { Int($0)! }
            #expect(score.isRight.allSatisfy { $0 } == isAnswered)
            #expect(answer.trace.decision == .edited && answer.trace.gate == .score)
            #expect(answer.trace.threshold == 1)
        }
    }

    // MARK: Twin

    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "strict"])
    func everyStepOfThreeEditsMatchesTheTwin(family: String, name: String) throws {
        let fixture = try DeferFixture(family)
        let method = try fixture.learned(name) { expected, losses in
            #expect(losses.count == expected.count)
            for (loss, step) in zip(losses, expected) {
                #expect(Tolerance.twin.allows(loss, step))
            }
        }
        for (key, tensor) in try method.state().tensors {
            try expectClose(tensor, fixture.tensors.tensor(named: "\(name).\(key)"))
        }
    }

    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "strict"])
    func scoresAndAnswersMatchTheTwin(family: String, name: String) throws {
        let fixture = try DeferFixture(family)
        let method = try fixture.learned(name) { _, _ in }
        let logits = try fixture.tensors.tensor(named: "\(name).logits")
        for (index, answer) in fixture.cases[name]!.answers.enumerated() {
            let tokens = try TokenBatch([answer.prompt + answer.rest])
            let (last, decision) = try withoutGradients {
                let prefix = try fixture.model.prefix(tokens, upTo: method.seam)
                let decision = try method.decide(prefix, prompts: [answer.prompt])
                let hidden = try fixture.model.suffix(prefix, adaptation: decision.adaptation)
                return (try fixture.model.logits(hidden.last(of: tokens.lengths)), decision)
            }
            let trace = decision.traces[0]
            #expect((trace.decision == .edited) == (answer.score >= method.config.threshold))
            #expect(Tolerance.afterAdam.allows(1 - trace.distance!, answer.score))
            try expectClose(last.squeezed(0), logits.at(dim: 0, index: index))
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

/// What the twin did: reference/defer_fixture.py documents the format.
struct DeferFixture {
    struct Edit: Decodable {
        let prompt, target: [Int]
        let losses: [Double]
    }

    struct Answer: Decodable {
        let prompt, rest: [Int]
        let score: Double
        let greedy: [Int]?
    }

    struct Settings: Decodable {
        let part: FeedForwardPart
        let block, steps: Int
        let learningRate, threshold: Double
        let keyPosition: DeferConfig.KeyPosition
        let replacement: DeferConfig.Replacement
        let routesOnce: Bool
    }

    struct Case: Decodable {
        let settings: Settings
        let edits: [Edit]
        let answers: [Answer]
    }

    private struct Document: Decodable {
        let cases: [String: Case]
    }

    let cases: [String: Case]
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("defer", family)
        (cases, tensors, model) = (files.document.cases, files.tensors, files.model)
    }

    /// The method after the twin's edits, from the twin's start.
    func learned(
        _ name: String, observe: ([Double], [Double]) throws -> Void
    ) throws -> Defer {
        let settings = cases[name]!.settings
        let config = DeferConfig(
            block: settings.block, part: settings.part, learningRate: settings.learningRate,
            steps: settings.steps, threshold: settings.threshold,
            keyPosition: settings.keyPosition, replacement: settings.replacement,
            routesOnce: settings.routesOnce)
        var state = try Defer(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1
        ).state()
        for key in state.tensors.keys {
            state.tensors[key] = try tensors.tensor(named: "initial.\(key)")
        }
        var method = try Defer(restoring: state, model: model, tokenizer: NumberTokenizer())
        for edit in cases[name]!.edits {
            let batch = try EditBatch(
                [EncodedRow(prompt: edit.prompt, target: edit.target)], device: .cpu)
            try observe(edit.losses, method.teach(batch))
        }
        return method
    }
}
