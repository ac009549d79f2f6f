import TestSupport
import Testing
import Torch

/// Every operation against PyTorch on the same wheel.
@Suite struct OpsFixtureTests {
    private let fixture = OpsFixture()

    @Test(arguments: try OpsFixture.cases())
    func givesWhatPyTorchGives(_ test: OpsFixture.Case) throws {
        let inputs = try test.inputs.map { try $0.map(fixture.tensor) }
        let outputs = try #require(try Operation(test: test, inputs: inputs).outputs())
        #expect(outputs.count == test.outputs.count)
        for (output, name) in zip(outputs, test.outputs) {
            try expect(output, equals: fixture.tensor(name))
        }
    }

    @Test(arguments: try OpsFixture.cases().filter { $0.weights != nil })
    func sendsBackTheGradientsThatPyTorchSends(_ test: OpsFixture.Case) throws {
        let inputs = try test.inputs.map { try $0.map(fixture.tensor) }
        for (input, name) in zip(inputs, test.gradients) where name != nil {
            try input!.requireGradient()
        }
        let outputs = try #require(try Operation(test: test, inputs: inputs).outputs())
        try (outputs[0] * fixture.tensor(test.weights!)).sum().backward()
        for (input, name) in zip(inputs, test.gradients) {
            guard let name else { continue }
            try expect(#require(try input!.gradient), equals: fixture.tensor(name))
        }
    }

    private func expect(_ actual: Tensor, equals expected: Tensor) throws {
        #expect(actual.shape == expected.shape)
        #expect(actual.dtype == expected.dtype)
        guard expected.dtype.isFloating else {
            #expect(try actual.ints() == expected.ints())
            return
        }
        let tolerance: Tolerance = expected.dtype == .float32 ? .float32 : .bfloat16
        let difference = try tolerance.firstDifference(actual.floats(), expected.floats())
        #expect(difference == nil)
    }
}
