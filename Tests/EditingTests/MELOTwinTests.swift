import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// MELO against a plain PyTorch twin that runs the whole model in every step.
@Suite struct MELOTwinTests {
    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "asked"])
    func everyStepOfThreeBatchesMatchesTheTwin(family: String, name: String) throws {
        let fixture = try MELOFixture(family)
        let method = try fixture.learned(name) { expected, losses in
            #expect(losses.count == expected.count)
            for (loss, step) in zip(losses, expected) {
                #expect(Tolerance.twin.allows(loss, step))
            }
        }
        for (number, block) in method.bank.blocks.enumerated() {
            for layer in block.a.indices {
                let at = "\(name).\(number).\(layer)"
                try expectClose(block.a[layer], fixture.tensors.tensor(named: "\(at).a"))
                try expectClose(block.b[layer], fixture.tensors.tensor(named: "\(at).b"))
            }
        }
        try expectClose(
            method.database.centers()!, fixture.tensors.tensor(named: "\(name).centers"))
        let expected = fixture.cases[name]!.clusters
        #expect(method.database.clusters.map(\.label) == expected.map(\.label))
        #expect(
            method.database.clusters.map { $0.points.map(\.block) } == expected.map(\.blocks))
        for (cluster, twin) in zip(method.database.clusters, expected) {
            #expect(Tolerance.twin.allows(cluster.radius, twin.radius))
        }
    }

    @Test(arguments: ["gpt2", "llama"], ["paper", "clean", "asked"])
    func blocksAndAnswersMatchTheTwin(family: String, name: String) throws {
        let fixture = try MELOFixture(family)
        let method = try fixture.learned(name) { _, _ in }
        let logits = try fixture.tensors.tensor(named: "\(name).logits")
        for (index, answer) in fixture.cases[name]!.answers.enumerated() {
            let tokens = try TokenBatch([answer.prompt + answer.rest])
            let (last, decision) = try withoutGradients {
                let prefix = try fixture.model.prefix(
                    tokens, upTo: method.seam, taps: method.taps)
                let decision = try method.decide(prefix, prompts: [answer.prompt])
                let hidden = try fixture.model.suffix(prefix, adaptation: decision.adaptation)
                return (try fixture.model.logits(hidden.last(of: tokens.lengths)), decision)
            }
            let trace = decision.traces[0]
            #expect((trace.decision == .edited) == (answer.block != nil))
            #expect(Tolerance.afterAdam.allows(trace.distance!, answer.distance))
            if let routes = decision.adaptation as? BlockRoutes {
                #expect(routes.rows == [answer.block])
            }
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

/// What the twin did: reference/melo_fixture.py documents the format.
struct MELOFixture {
    struct Row: Decodable {
        let prompt, target: [Int]
    }

    struct Batch: Decodable {
        let rows: [Row]
        let losses: [Double]
    }

    struct Cluster: Decodable {
        let radius: Double
        let label: [Int]
        let blocks: [Int?]
    }

    struct Answer: Decodable {
        let prompt, rest: [Int]
        let distance: Double
        let block: Int?
        let greedy: [Int]?
    }

    struct Settings: Decodable {
        let part: FeedForwardPart
        let queryBlock, layers, rank, steps, halvingSteps: Int
        let blockScale, radius, learningRate: Double
        let keyPosition: MELOConfig.KeyPosition
        let labelComparison: MELOConfig.LabelComparison
        let routesOnce: Bool
    }

    struct Case: Decodable {
        let settings: Settings
        let batches: [Batch]
        let clusters: [Cluster]
        let answers: [Answer]
    }

    private struct Document: Decodable {
        let cases: [String: Case]
    }

    let cases: [String: Case]
    let tensors: SafetensorsFile
    let model: CausalModel

    init(_ family: String) throws {
        let files = try TwinFiles<Document>("melo", family)
        (cases, tensors, model) = (files.document.cases, files.tensors, files.model)
    }

    private func config(_ settings: Settings) -> MELOConfig {
        MELOConfig(
            queryBlock: settings.queryBlock, layers: settings.layers, part: settings.part,
            rank: settings.rank, blockScale: settings.blockScale, radius: settings.radius,
            steps: settings.steps, learningRate: settings.learningRate,
            halvingSteps: settings.halvingSteps, keyPosition: settings.keyPosition,
            labelComparison: settings.labelComparison, routesOnce: settings.routesOnce,
            replacesSameKey: false)
    }

    /// The method after the twin's batches, from the twin's blocks.
    func learned(_ name: String, observe: ([Double], [Double]) throws -> Void) throws -> MELO {
        var method = try MELO(
            model: model, tokenizer: NumberTokenizer(), config: config(cases[name]!.settings),
            seed: 1)
        for (index, batch) in cases[name]!.batches.enumerated() {
            var start = try method.freshBlock()
            let a = try start.a.indices.map {
                try tensors.tensor(named: "start.\(index).\($0).a").copy().requireGradient()
            }
            start = LoRABlock(a: a, b: start.b)
            let rows = batch.rows.map { EncodedRow(prompt: $0.prompt, target: $0.target) }
            try observe(
                batch.losses,
                method.teach(rows, ids: rows.indices.map { "\(index).\($0)" }, from: start))
        }
        return method
    }
}
