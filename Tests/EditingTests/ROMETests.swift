import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// ROME and R-ROME: by hand, against the PyTorch twin, and between two edits.
@Suite struct ROMETests {
    // MARK: By hand

    /// W = I, C = diag(4, 1), averaged key (1, 1), clean key (1, 0), goal (3, 1).
    @Test func theWriteOfTwoDimensionsIsTheOneWorkedOutByHand() throws {
        let covariance = try Tensor([4, 0, 0, 1] as [Float], shape: [2, 2])
        let inverse = try Covariance.inverse(of: covariance, ridge: 0)
        let (averaged, clean) = (try vector([1, 1]), try vector([1, 0]))
        let write = try RankOneWrite(
            direction: averaged, key: clean, output: clean, goal: vector([3, 1]),
            inverse: inverse)
        try expectClose(write.left, [0.242536, 0.970143])
        try expectClose(write.right, [8.246211, 4.123106])
        #expect(try abs(write.size() - 9.219544) < 1e-5)
        let weight = try write.applied(to: Tensor([1, 0, 0, 1] as [Float], shape: [2, 2]))
        try expectClose(weight, [3, 8, 1, 5])
        try expectClose(weight.matmul(clean), [3, 1])
        // The averaged key, which the direction was made of, is thrown far off.
        try expectClose(weight.matmul(averaged), [11, 6])
    }

    @Test func theWriteWithoutACovarianceTakesTheKeyAsItIs() throws {
        let (averaged, clean) = (try vector([1, 1]), try vector([1, 0]))
        let write = try RankOneWrite(
            direction: averaged, key: clean, output: clean, goal: vector([3, 1]), inverse: nil)
        try expectClose(write.left, [0.707107, 0.707107])
        let weight = try write.applied(to: Tensor([1, 0, 0, 1] as [Float], shape: [2, 2]))
        try expectClose(weight, [3, 2, 1, 2])
    }

    @Test(arguments: ["gpt2", "llama"])
    func twentyLooksTakeNineteenSteps(family: String) throws {
        let fixture = try ROMEFixture(family)
        var config = fixture.config()
        (config.steps, config.stopLoss) = (20, 0)
        var method = try fixture.method(config)
        var steps: [Int] = []
        try method.learn(fixture.edits()) { steps.append($0.steps) }
        #expect(steps == [19, 19, 19])
    }

    /// 0.5 · 2 / 4², the norm of δ not squared.
    @Test func theDecayIsAsReleased() throws {
        let fixture = try ROMEFixture("gpt2")
        var config = fixture.config()
        config.weightDecay = 0.5
        let one = try Tensor.ones([1])
        let search = ValueSearch(
            config: config, model: fixture.model,
            prefix: try fixture.model.prefix(
                TokenBatch([[1]]), upTo: Site(block: 2, part: .contraction)),
            output: one, mask: one, value: one, positions: one, labels: one, hasEssence: false)
        let decay = try search.decay(vector([0, 2]), length: 4)
        #expect(try decay.item() == 0.0625)
    }

    @Test func theDivergenceIsZeroAtTheStartAndPositiveAfter() throws {
        let before = try vector([0.5, -1, 2]).logSoftmax(dim: -1)
        #expect(try divergence(of: before, from: before).item() == 0)
        let now = try vector([1.5, -1, 2]).logSoftmax(dim: -1)
        let expected = zip(try now.floats(), try before.floats())
            .reduce(0.0) { $0 + exp(Double($1.0)) * Double($1.0 - $1.1) }
        #expect(try abs(divergence(of: now, from: before).item() - expected) < 1e-6)
        #expect(expected > 0.01)
    }

    // MARK: The twin

    @Test(
        arguments: ["gpt2", "llama"], ["rome", "averaged", "clean", "stopped", "covariance"])
    func threeWritesInSequenceMatchTheTwin(family: String, name: String) throws {
        let fixture = try ROMEFixture(family)
        let expected = try #require(fixture.document.cases[name])
        var method = try fixture.method(expected)
        if let ridge = expected.ridge {
            let covariance = try Covariance.estimated(
                passages: fixture.document.passages, model: fixture.model,
                tokenizer: fixture.tokenizer, site: method.seam)
            try expectClose(
                covariance.matrix, fixture.tensors.tensor(named: "covariance").floats(), .twin)
            method.inverse = try covariance.inverse(ridge: ridge)
        }
        for (edit, twin) in zip(try fixture.edits(), expected.edits) {
            let rewrite = try Rewrite.all(
                of: edit, contexts: fixture.document.contexts, config: method.config,
                model: fixture.model, tokenizer: fixture.tokenizer)
            let found = try method.write(rewrite[0])
            #expect(found.losses.count == twin.losses.count)
            for (loss, other) in zip(found.losses, twin.losses) {
                #expect(Tolerance.twin.allows(loss, other))
            }
            #expect(method.largestChange >= twin.size * (1 - 1e-4))
        }
        #expect(
            Tolerance.afterAdam.allows(
                method.largestChange, expected.edits.map(\.size).max()!))
        try expectClose(
            method.map!.weight, fixture.tensors.tensor(named: "\(name).weight").floats())
    }

    /// After the write the map gives the goal for the key it was solved for.
    @Test(arguments: ["gpt2", "llama"], ROMEConfig.Keys.allCases)
    func theWrittenMapGivesTheGoal(family: String, keys: ROMEConfig.Keys) throws {
        let fixture = try ROMEFixture(family)
        var method = try fixture.method(fixture.config(keys))
        let edit = try fixture.edits()[0]
        try method.prepare()
        let rewrite = try Rewrite.all(
            of: edit, contexts: method.contexts!, config: method.config, model: fixture.model,
            tokenizer: fixture.tokenizer)[0]
        let goal = try method.write(rewrite).goal
        let inputs = try rewrite.rows.map { row in
            try fixture.model.prefix(TokenBatch([row.prompt]), upTo: method.seam)
                .input.at(dim: 0, index: 0).at(dim: 0, index: row.place)
        }
        let key =
            keys == .averaged ? try Tensor.stacked(inputs, dim: 0).mean(dim: 0) : inputs[0]
        try expectClose(method.map!(key), goal.floats())
    }

    // MARK: Between two edits

    @Test(arguments: ["gpt2", "llama"], ROMEConfig.Keys.allCases)
    func savingAndGoingOnIsNotHavingStopped(family: String, keys: ROMEConfig.Keys) throws {
        let fixture = try ROMEFixture(family)
        let edits = try fixture.edits()
        var one = try fixture.method(fixture.config(keys))
        try one.learn(Array(edits.prefix(2))) { _ in }
        var other = try ROME(
            restoring: one.state(), model: fixture.model, tokenizer: fixture.tokenizer)
        #expect(one.contexts?.count == 4)
        try one.learn([edits[2]]) { _ in }
        try other.learn([edits[2]]) { _ in }
        let (a, b) = (try one.state(), try other.state())
        #expect(a.document == b.document)
        #expect(try a.tensors["weight"]!.isBitEqual(to: b.tensors["weight"]!))
    }

    @Test func oneSeedSamplesTheSameTextsAndAnotherOthers() throws {
        let fixture = try ROMEFixture("gpt2")
        let contexts = try [1 as UInt64, 1, 2].map { seed in
            var method = try ROME(
                model: fixture.model, tokenizer: fixture.tokenizer, config: fixture.config(),
                seed: seed)
            try method.prepare()
            return method.contexts!
        }
        #expect(contexts[0] == contexts[1] && contexts[0] != contexts[2])
    }

    @Test(arguments: ["gpt2", "llama"])
    func writingTeachesAndLeavesTheBaseModelBitForBit(family: String) throws {
        let fixture = try ROMEFixture(family)
        let before = try fixture.model.parameters.map { try $0.tensor.copy() }
        var config = fixture.config(.averaged)
        (config.steps, config.learnsEnd, config.weightDecay) = (25, true, 0)
        var method = try fixture.method(config)
        let edits = try fixture.edits()
        #expect(try method.isUnchanged([edits[0].prompt]) == [true])
        try method.learn(edits) { _ in }
        #expect(try method.isUnchanged([edits[0].prompt]) == [false])
        for (old, (name, new)) in zip(before, fixture.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
        }
        let last = edits[2]
        let row = EditRow(editID: last.id, prompt: last.prompt, target: last.target)
        let base = Unedited(model: fixture.model, tokenizer: fixture.tokenizer)
        #expect(try method.score([row])[0].logLikelihood > base.score([row])[0].logLikelihood)
        let answers = try method.complete([last.prompt], options: .init(maximumTokens: 2))
        #expect(answers[0].trace == .always())
        #expect(try method.weightNorm().isFinite && method.largestChange > 0)
    }

    @Test(arguments: ["rome", "r-rome"], ["gpt2", "llama"])
    func thePresetsRunInBFloat16(name: String, family: String) throws {
        let fixture = try ROMEFixture(family)
        let model = try fixture.model.cast(to: .bfloat16)
        let entry = try MethodEntry.named(name)
        for preset in entry.presets.map(\.name) {
            let recipe = try entry.recipe(preset, for: model.configuration)
                .replacing(["contextLengths": "[3]", "contextsPerLength": "2"])
            var method = try entry.method(
                model: model, tokenizer: fixture.tokenizer, recipe: recipe, seed: 1)
            try method.learn(fixture.edits()) { #expect($0.loss.isFinite) }
        }
    }

    // MARK: What cannot be

    @Test func aBadRecipeGetsOneSentence() throws {
        let paper = ROMEConfig.paper(.mixed, for: .gpt2XL)
        #expect(paper.layer == 17 && paper.steps == 20 && paper.weightDecay == 0.5)
        let llama = ROMEConfig.paper(.mixed, for: .llama2_7B)
        #expect(llama.layer == 5 && llama.steps == 25 && llama.weightDecay == 1e-3)
        for (key, value, part) in [
            ("layer", "48", "expected `layer` to name one of the model's blocks 0 to 47, got 48"),
            ("contextLengths", "[1]", "expected `contextLengths` from 2 to the model's context"),
            ("ridge", "-1", "expected `ridge` to be 0 or more, got -1.0"),
            ("covarience", "x", "config key `covarience` is unknown; did you mean `covariance`?"),
        ] {
            let error = #expect(throws: EditError.self) {
                try paper.replacing([key: value]).validate(for: .gpt2XL)
            }
            #expect(error?.message.hasPrefix(part) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aDamagedStateIsRefused() throws {
        let fixture = try ROMEFixture("gpt2")
        var method = try fixture.method(fixture.config())
        try method.learn([fixture.edits()[0]]) { _ in }
        var state = try method.state()
        state.tensors["weight"] = try Tensor.zeros([2, 2])
        let error = #expect(throws: EditError.self) {
            try ROME(restoring: state, model: fixture.model, tokenizer: fixture.tokenizer)
        }
        #expect(error?.message.contains("to have shape [16, 64], got [2, 2]") == true)
        state.document = "[]"
        #expect(throws: EditError.self) {
            try ROME(restoring: state, model: fixture.model, tokenizer: fixture.tokenizer)
        }
    }

    // MARK: Helpers

    private func vector(_ values: [Float]) throws -> Tensor {
        try Tensor(values, shape: [values.count])
    }

    private func expectClose(
        _ tensor: Tensor, _ expected: [Float], _ tolerance: Tolerance = .afterAdam,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try tolerance.firstDifference(tensor.floats(), expected)
        #expect(difference == nil, sourceLocation: location)
    }
}
