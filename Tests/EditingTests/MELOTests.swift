import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct MELOTests {
    // MARK: The database, on one number a key

    private func key(_ value: Float) throws -> Tensor { try Tensor([value], shape: [1]) }

    private func store(
        _ value: Float, _ answer: Int, block: Int, in database: inout VectorDatabase,
        _ rules: VectorDatabase.Rules = .init(radius: 1)
    ) throws {
        let row = VectorDatabase.Row(
            key: try key(value), label: [answer], editID: "\(answer) at \(value)")
        try database.insert([row], block: block, rules: rules)
    }

    private func hit(_ value: Float, _ database: VectorDatabase) throws -> VectorDatabase.Hit {
        try database.hits(key(value).unsqueezed(0))[0]
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool { Tolerance.float32.allows(a, b) }

    @Test func clustersGrowAndSplit() throws {
        let (a, b) = (1, 2)
        var database = VectorDatabase()
        #expect(try hit(0, database).block == nil)
        try store(0, a, block: 0, in: &database)
        #expect(database.clusters[0].radius == 1)
        try store(1.6, a, block: 1, in: &database)
        #expect(database.clusters.count == 1 && database.clusters[0].radius == 1)
        #expect(isClose(try database.clusters[0].center.item(), 0.8))
        try store(2.5, b, block: 2, in: &database)
        #expect(isClose(database.clusters[1].radius, 0.85001))
        #expect(isClose(database.clusters[0].radius, 0.84999))
        #expect(database.clusters[0].points.map(\.block) == [0, 1])

        #expect(try hit(1.2, database).block == 1)
        #expect(try hit(0, database).block == 0)
        let far = try hit(-0.1, database)
        #expect(far.block == nil && !far.scope.isEdited && far.editID == "1 at 0.0")
    }

    @Test func whatASplitNoLongerCoversIsForgotten() throws {
        var database = VectorDatabase()
        try store(0, 1, block: 0, in: &database)
        try store(1.6, 1, block: 1, in: &database)
        try store(1.2, 2, block: 2, in: &database)  // 0.4 from the centre, 0.8
        #expect(database.clusters[0].points.map(\.block) == [nil])
        #expect(isClose(try database.clusters[0].points[0].key.item(), 0.8))
        #expect(try hit(0.8, database).block == nil)
        #expect(try hit(1.2, database).block == 2)
    }

    @Test func rowsOfOneBatchDoNotMeetEachOther() throws {
        var database = VectorDatabase()
        let rows = try [(Float(0), 1), (0.5, 1), (0.6, 2)].map {
            VectorDatabase.Row(key: try key($0.0), label: [$0.1], editID: "")
        }
        try database.insert(rows, block: 0, rules: .init(radius: 1))
        #expect(database.clusters.map(\.radius) == [1, 1, 1])
    }

    @Test func anotherAnswerToTheSamePromptTakesTheClusterOver() throws {
        var database = VectorDatabase()
        let rules = VectorDatabase.Rules(radius: 1, replacesSameKey: true)
        try store(0, 1, block: 0, in: &database, rules)
        try store(0, 2, block: 1, in: &database, rules)
        #expect(database.clusters.count == 1)
        #expect(try hit(0.5, database).block == 1)
    }

    @Test func sumsTakeShuffledIdsForOneAnswer() {
        #expect(MELOConfig.LabelComparison.sum.isSame([3, 9], [9, 3]))
        #expect(!MELOConfig.LabelComparison.exact.isSame([3, 9], [9, 3]))
        #expect(MELOConfig.LabelComparison.exact.isSame([3, 9], [3, 9]))
    }

    // MARK: The bank

    @Test func theProductIsScaledByTheNumberOfBlocks() throws {
        // R = 700 and ρ = 2: both slices are scaled by √350.
        let block = LoRABlock(
            a: [try Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])],
            b: [try Tensor([1, 2] as [Float], shape: [2, 1])])
        let bank = LoRABank(blocks: [block], scale: 350)
        let input = try Tensor([1, 1, 2, 0.5] as [Float], shape: [2, 1, 2])
        let base = try Tensor([-0.0, -0.0] as [Float], shape: [2, 1, 1])
        let output = try bank.output(layer: 0, input: input, base: base, rows: [0, nil])
        #expect(try output.floats() == [350 * 3, 0])
        #expect(
            try output.at(dim: 0, index: 1).isBitEqual(to: base.at(dim: 0, index: 1)))
        #expect(
            try bank.output(layer: 0, input: input, base: base, rows: [nil, nil])
                .isBitEqual(to: base))
    }

    @Test func theBankIsWherePublished() throws {
        let gpt2 = try MELOConfig.paper(for: .gpt2XL), llama = try MELOConfig.paper(for: .llama2_7B)
        #expect(gpt2.querySite == Site(block: 35, part: .expansion))
        #expect(gpt2.sites.map(\.block) == [36, 37])
        #expect(llama.querySite == Site(block: 27, part: .contraction))
        #expect(llama.sites.map(\.block) == [28, 29])
        let numbers = gpt2.sites.reduce(0) { sum, site in
            let shape = ModelConfiguration.gpt2XL
            return sum + gpt2.rank * (shape.inputWidth(of: site) + shape.outputWidth(of: site))
        }
        #expect(numbers == 32_000)
    }

    @Test func theStepSizeIsHalvedAsReleased() throws {
        let config = try MELOConfig.paper(for: .gpt2XL)
        #expect(
            [0, 19, 20, 39, 40].map(config.learningRate(atStep:)) == [
                1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4,
            ])
    }

    @Test(arguments: ["gpt2", "llama"])
    func theRadiusComesFromTheModelsOwnText(family: String) throws {
        let bench = try Bench(family)
        let config = try MELOConfig.default(for: bench.model.configuration)
        var radii: [Double] = []
        for seed: UInt64 in [1, 1, 2] {
            var method = try MELO(
                model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: seed)
            #expect(method.radius == nil)
            try method.prepare()
            radii.append(method.radius!)
        }
        #expect(radii[0] == radii[1] && radii[0] != radii[2] && radii.allSatisfy { $0 > 0 })
    }

    @Test(arguments: ["gpt2", "llama"])
    func taughtPromptsAreAnsweredAsTheyAreScored(family: String) throws {
        let bench = try Bench(family)
        var config = try MELOConfig.default(for: bench.model.configuration)
        (config.steps, config.learningRate, config.radius) = (40, 0.01, 0.1)
        var method = try MELO(
            model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        let edits = try bench.edits(0..<6)
        var steps: [Int] = []
        try method.learn(edits) { steps.append($0.edits) }
        #expect(steps == [4, 6] && method.bank.blocks.count == 2)
        let scores = try method.score(edits.flatMap(\.rows))
        let said = try method.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 4))
        for (edit, (score, answer)) in zip(edits, zip(scores, said)) {
            let isAnswered =
                answer.reason == .stopToken
                && answer.tokens == edit.target.split(separator: " ").map { Int($0)! }
            #expect(score.isRight.allSatisfy { $0 } == isAnswered)
            #expect(answer.trace.decision == .edited && answer.trace.nearestEdit == edit.id)
        }
    }

    @Test func aModelTooShallowIsRefused() throws {
        let error = #expect(throws: EditError.self) {
            try MELOConfig.paper(for: .gpt2(width: 8, blocks: 2, heads: 2))
        }
        #expect(error?.message.contains("three blocks") == true)
        var config = try MELOConfig.paper(for: .gpt2XL)
        config.layers = 13
        #expect(throws: EditError.self) { try config.validate(for: .gpt2XL) }
    }
}
