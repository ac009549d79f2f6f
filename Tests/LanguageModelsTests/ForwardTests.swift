import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@Suite struct ForwardTests {
    @Test(arguments: TinyModel.allCases)
    func logitsEqualThoseOfTransformers(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        for (index, row) in try tiny.rows().enumerated() {
            let expected = try tiny.recorded("logits.\(index)").floats()
            let logits = try model.scores([row]).floats()
            #expect(Tolerance.twin.firstDifference(logits, expected) == nil)
        }
    }

    @Test(arguments: TinyModel.allCases)
    func aPaddedBatchEqualsItsRowsAlone(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let rows = try tiny.rows() + [[5]]
        let together = try model.scores(rows)
        for (index, row) in rows.enumerated() {
            let alone = try model.scores([row]).floats()
            let padded = try together.at(dim: 0, index: index)
                .narrowed(dim: 0, start: 0, length: row.count).floats()
            #expect(Tolerance.float32.firstDifference(padded, alone) == nil)
        }
    }

    @Test(arguments: TinyModel.allCases)
    func halfPrecisionStaysNear(_ tiny: TinyModel) throws {
        let rows = try tiny.rows()
        let exact = try tiny.load().scores(rows)
        let coarse = try tiny.load(dtype: .bfloat16).scores(rows)
        let scale = try exact.abs().mean().item()
        let distance = try (exact - coarse).abs().mean().item()
        #expect(distance / scale < Tolerance.bfloat16.relative * 4, "a few roundings in each block")
    }

    @Test(arguments: TinyModel.allCases)
    func gradientsReachEveryParameter(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        for (_, tensor) in model.parameters { try tensor.requireGradient() }
        let row = try tiny.rows()[1]
        let logits = try model.logits(model.hidden(TokenBatch([row]))).at(dim: 0, index: 0)
        try Tensor.crossEntropy(logits, labels: Tensor(row, shape: [row.count])).backward()
        for (name, tensor) in model.parameters {
            #expect(try tensor.gradient?.shape == tensor.shape, "\(name)")
        }
    }

    /// With gradients attention is spelled out, without them it is the fused kernel.
    @Test(arguments: TinyModel.allCases)
    func bothWaysToAttendAgree(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let rows = try tiny.rows()
        let fused = try model.scores(rows).floats()
        try model.parameters[0].tensor.requireGradient()
        let plain = try model.logits(model.hidden(TokenBatch(rows))).detached().floats()
        #expect(Tolerance.twin.firstDifference(plain, fused) == nil)
    }

    @Test(arguments: TinyModel.allCases)
    func aRandomModelIsTheSameForTheSameSeed(_ tiny: TinyModel) throws {
        let configuration = try tiny.load().configuration
        func model(_ seed: UInt64) throws -> CausalModel {
            try CausalModel.random(configuration, seed: seed, dtype: .bfloat16)
        }
        let (first, again, other) = (try model(1), try model(1), try model(2))
        #expect(first.parameterNames == (try tiny.load()).parameterNames)
        let same = try zip(first.parameters, again.parameters).allSatisfy {
            try $0.tensor.isBitEqual(to: $1.tensor)
        }
        #expect(same)
        #expect(try !first.parameters[0].tensor.isBitEqual(to: other.parameters[0].tensor))
        #expect(first.byteCount == 2 * first.parameterCount)
    }

    @Test func knownModelsHaveTheirPublishedSizes() {
        #expect(ModelConfiguration.gpt2XL.inputWidth(of: Site(block: 36, part: .expansion)) == 1600)
        #expect(
            ModelConfiguration.gpt2XL.outputWidth(of: Site(block: 36, part: .expansion)) == 6400)
        let down = Site(block: 21, part: .contraction)
        #expect(ModelConfiguration.llama2_7B.inputWidth(of: down) == 11008)
        #expect(ModelConfiguration.llama2_7B.outputWidth(of: down) == 4096)
    }

    @Test func whatCannotRunIsSaidInASentence() throws {
        let model = try TinyModel.gpt2.load()
        func message(_ rows: [[Int]]) -> String? {
            var message: String?
            do { _ = try model.scores(rows) } catch { message = "\(error)" }
            return message
        }
        #expect(
            message([Array(repeating: 1, count: 33)])
                == "The model's context holds 32 tokens, but 33 came; shorten the text.")
        #expect(
            message([[1, 64]]) == "The model knows 64 tokens, but id 64 came; use the tokenizer "
                + "that belongs to this model.")
        #expect(message([[1], []])?.contains("a row is empty") == true)
        #expect(message([])?.contains("at least one row") == true)
        #expect(message([[-1]])?.contains("-1 came") == true)
    }

    /// Other tests run at the same time and hold tensors of their own, so one quiet moment in many
    /// proves that nothing is kept; a leak would show in all of them.
    @Test func noTensorIsLeftBehind() throws {
        func work() throws {
            let model = try TinyModel.llama.load()
            _ = try model.generate([[5, 6], [7]], options: .init(maximumTokens: 4))
            let logits = try model.logits(model.hidden(TokenBatch([[5, 6]])))
            _ = try logits.floats()
        }
        try work()
        let isTight = try (0..<50).contains { _ in
            let before = Engine.liveTensors
            try work()
            return Engine.liveTensors <= before
        }
        #expect(isTight)
    }
}
