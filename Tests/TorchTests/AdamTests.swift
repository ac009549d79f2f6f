import Testing
import Torch

@Suite struct AdamTests {
    private func step(_ optimizer: inout Adam, along gradient: Tensor, of parameter: Tensor) throws
    {
        try (parameter * gradient).sum().backward()
        try optimizer.step()
    }

    @Test func theFirstStepIsTheLearningRateWhateverTheGradient() throws {
        let parameter = try Tensor([1, 2, 3] as [Float], shape: [3]).requireGradient()
        var optimizer = Adam(parameters: [parameter], learningRate: 0.5)
        try step(
            &optimizer, along: Tensor([4, -0.25, 100] as [Float], shape: [3]), of: parameter)
        #expect(try parameter.floats() == [0.5, 2.5, 2.5])
    }

    @Test func aParameterWithoutAGradientStaysBitForBit() throws {
        let moved = try Tensor.ones([2]).requireGradient()
        let idle = try Tensor.normal([4], deviation: 1, seed: 1).requireGradient()
        let before = try idle.detached().copy()
        var optimizer = Adam(parameters: [idle, moved], learningRate: 0.1, weightDecay: 0.5)
        try step(&optimizer, along: Tensor.ones([2]), of: moved)
        #expect(try idle.detached().isBitEqual(to: before))
        #expect(try moved.floats() != [1, 1])
    }

    @Test func aStepClearsTheGradients() throws {
        let parameter = try Tensor.ones([2]).requireGradient()
        var optimizer = Adam(parameters: [parameter], learningRate: 0.1)
        try step(&optimizer, along: Tensor.ones([2]), of: parameter)
        #expect(try parameter.gradient == nil)
        #expect(parameter.requiresGradient)
    }

    @Test func aTransposedParameterMovesAsAPlainOneDoes() throws {
        let values = try Tensor.normal([3, 4], deviation: 1, seed: 2)
        let plain = try values.copy().requireGradient()
        let transposed = try values.transposed(0, 1).contiguous().transposed(0, 1).requireGradient()
        var optimizers = [
            Adam(parameters: [plain], learningRate: 0.1),
            Adam(parameters: [transposed], learningRate: 0.1),
        ]
        for seed in UInt64(3)..<6 {
            let gradient = try Tensor.normal([3, 4], deviation: 1, seed: seed)
            try step(&optimizers[0], along: gradient, of: plain)
            try step(&optimizers[1], along: gradient, of: transposed)
        }
        #expect(try plain.detached().isBitEqual(to: transposed.detached()))
    }

    @Test func aLearningRateMayChangeBetweenSteps() throws {
        let parameter = try Tensor.ones([1]).requireGradient()
        var optimizer = Adam(parameters: [parameter], learningRate: 0.5)
        optimizer.learningRate = 0.25
        try step(&optimizer, along: Tensor.ones([1]), of: parameter)
        #expect(try parameter.floats() == [0.75])
    }
}
