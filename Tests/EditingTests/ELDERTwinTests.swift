import Edits
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// ELDER against a plain PyTorch twin that runs the whole model in every step.
@Suite struct ELDERTwinTests {
    @Test(arguments: ["gpt2", "llama"])
    func tenStepsOfTwoBatchesMatchTheTwin(family: String) throws {
        let fixture = try ELDERFixture(family)
        var editor = try fixture.editor(fixture.config())
        for (index, expected) in fixture.document.batches.enumerated() {
            let losses = try editor.train(
                fixture.batch(index), towards: fixture.assigned(index), new: fixture.rows(index))
            #expect(losses.count == expected.steps.count)
            for (loss, step) in zip(losses, expected.steps) {
                #expect(Tolerance.twin.allows(loss, step.total))
            }
            let codes = editor.memory.codes.codes.suffix(expected.rows.count)
            #expect(codes.map(\.bits) == expected.codes)
            try expectTensors(of: editor, toEqual: "batch.\(index).final", in: fixture)
        }
    }

    @Test(arguments: ["gpt2", "llama"], ["fresh", "perturbed"])
    func gradientsOfEveryTensorMatchTheTwin(family: String, start: String) throws {
        let fixture = try ELDERFixture(family)
        let editor = try fixture.editor(fixture.config(), perturbed: start == "perturbed")
        let batch = try fixture.batch(0)
        let prefix = try fixture.model.prefix(
            batch.tokens, upTo: editor.seam, taps: editor.taps)
        let routes = try editor.router.routes(
            editor.query(prefix, promptLengths: batch.promptLengths), active: 2)
        let allocation = try editor.oneHot(fixture.assigned(0))
        let hidden = try fixture.model.suffix(
            prefix,
            adaptation: editor.mixture(
                editor.trainingWeights(routes, assigned: nil)))
        let logits = try batch.targetLogits(hidden, model: fixture.model)
        let loss =
            try Tensor.crossEntropy(logits, labels: batch.labels)
            + editor.guidance(routes, towards: allocation)
        let expected = fixture.document.gradients[start]!
        #expect(try Tolerance.twin.allows(loss.item(), expected.total))
        try loss.backward()
        for (layer, block) in fixture.document.settings.blocks.enumerated() {
            let name = "gradient.\(start).blocks.\(block)"
            try expectClose(
                editor.layers[layer].a.gradient!, fixture.tensors.tensor(named: "\(name).a"))
            try expectClose(
                editor.layers[layer].b.gradient!, fixture.tensors.tensor(named: "\(name).b"))
        }
        for (tensor, name) in [
            (editor.router.weight, "router.weight"), (editor.router.bias, "router.bias"),
        ] {
            try expectClose(tensor.gradient!, fixture.stacked("gradient.\(start)", name))
        }
    }

    @Test(
        arguments: ["gpt2", "llama"], ["hard", "balance", "unguided", "renormalised", "per_layer"])
    func theSwitchesMatchTheTwin(family: String, variant: String) throws {
        let fixture = try ELDERFixture(family)
        let expected = fixture.document.variants[variant]!.steps
        var config = try fixture.config()
        config.steps = expected.count
        switch variant {
        case "hard": config.trainingRouting = .allocation
        case "balance": config.guidance = .loadBalancing
        case "unguided": config.guidance = .off
        case "per_layer": config.query = .perLayer
        default: config.renormalisesScores = true
        }
        var editor = try fixture.editor(config, perturbed: true)
        let losses = try editor.train(
            fixture.batch(0), towards: fixture.assigned(0), new: fixture.rows(0))
        for (loss, step) in zip(losses, expected) {
            #expect(Tolerance.twin.allows(loss, step.total))
        }
        // The routes of the last step are those the twin's routers chose in it.
        let codes = editor.memory.codes.codes.map(\.chosen)
        #expect(codes == expected.last!.chosen!)
    }

    @Test(arguments: ["gpt2", "llama"])
    func theGateDecidesAsTheTwinAndItsAnswersMatch(family: String) throws {
        let fixture = try ELDERFixture(family)
        var editor = try fixture.editor(fixture.config())
        for index in fixture.document.batches.indices {
            _ = try editor.train(
                fixture.batch(index), towards: fixture.assigned(index), new: fixture.rows(index))
        }
        let deferral = fixture.document.deferral
        let tokens = try TokenBatch(deferral.prompts)
        let (logits, decision) = try withoutGradients {
            let prefix = try fixture.model.prefix(tokens, upTo: editor.seam, taps: editor.taps)
            let decision = try editor.decide(prefix, prompts: deferral.prompts)
            let hidden = try fixture.model.suffix(prefix, adaptation: decision.adaptation)
            return (try fixture.model.logits(hidden.last(of: tokens.lengths)), decision)
        }
        #expect(decision.traces.map { $0.decision == .edited } == deferral.inScope)
        #expect(decision.traces.map { $0.distance } == deferral.nearest.map(Double.init))
        try expectClose(logits, fixture.tensors.tensor(named: "deferral.logits"))
    }

    private func expectTensors(
        of editor: ELDER, toEqual prefix: String, in fixture: ELDERFixture
    ) throws {
        for (layer, block) in fixture.document.settings.blocks.enumerated() {
            let name = "\(prefix).blocks.\(block)"
            try expectClose(
                editor.layers[layer].a, fixture.tensors.tensor(named: "\(name).a"), .afterAdam)
            try expectClose(
                editor.layers[layer].b, fixture.tensors.tensor(named: "\(name).b"), .afterAdam)
        }
        try expectClose(editor.router.weight, fixture.stacked(prefix, "router.weight"), .afterAdam)
        try expectClose(editor.router.bias, fixture.stacked(prefix, "router.bias"), .afterAdam)
    }

    private func expectClose(
        _ tensor: Tensor, _ expected: Tensor, _ tolerance: Tolerance = .twin,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try tolerance.firstDifference(tensor.floats(), expected.floats())
        #expect(difference == nil, sourceLocation: location)
    }
}

extension RouteCode {
    /// Layers in order, experts in order, one character each.
    fileprivate var bits: String {
        (0..<layers).flatMap { layer in
            (0..<experts).map { contains($0, layer: layer) ? "1" : "0" }
        }.joined()
    }
}
