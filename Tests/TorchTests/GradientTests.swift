import Testing
import Torch

@Suite struct GradientTests {
    private struct Interruption: Error {}

    private func expectRecording(
        of x: Tensor, _ expected: Bool, location: SourceLocation = #_sourceLocation
    ) throws {
        let product = try x * 2
        #expect(product.requiresGradient == expected, sourceLocation: location)
    }

    @Test func gradientsOfTwoPassesAddUpUntilTheyAreCleared() throws {
        let x = try Tensor([3] as [Float], shape: [1]).requireGradient()
        try (x * x).sum().backward()
        try (x * x).sum().backward()
        #expect(try x.gradient!.floats() == [12])
        try x.clearGradient()
        #expect(try x.gradient == nil)
    }

    @Test func nothingIsRecordedWithoutGradients() throws {
        let x = try Tensor.ones([2]).requireGradient()
        let recorded = try x * 2
        let unrecorded = try withoutGradients { try x * 2 }
        #expect(recorded.requiresGradient)
        #expect(!unrecorded.requiresGradient)
    }

    @Test func recordingComesBackAfterTheOutermostOfNestedBlocks() throws {
        let x = try Tensor.ones([2]).requireGradient()
        try withoutGradients {
            try withoutGradients { try expectRecording(of: x, false) }
            try expectRecording(of: x, false)
        }
        try expectRecording(of: x, true)
    }

    @Test func anErrorPassesThroughAndRecordingComesBack() throws {
        let x = try Tensor.ones([2]).requireGradient()
        #expect(throws: Interruption.self) {
            try withoutGradients { throw Interruption() }
        }
        try expectRecording(of: x, true)
    }

    @Test func aDetachedTensorSharesStorageAndSendsNothingBack() throws {
        let x = try Tensor.ones([2]).requireGradient()
        let detached = try x.detached()
        #expect(!detached.requiresGradient)
        try withoutGradients { try x.multiply(by: 3) }
        #expect(try detached.floats() == [3, 3])
    }

    @Test func aLeafThatCollectsGradientsIsChangedOnlyWithoutThem() throws {
        let x = try Tensor.ones([2]).requireGradient()
        let error = #expect(throws: TorchError.self) { try x.multiply(by: 2) }
        #expect(error?.message.contains("in-place operation") == true)
        #expect(try x.floats() == [1, 1])
    }

    @Test func onlyAScalarSendsGradientsBack() throws {
        let x = try Tensor.ones([2]).requireGradient()
        let error = #expect(throws: TorchError.self) { try (x * 2).backward() }
        #expect(error?.message.contains("scalar") == true)
    }
}
