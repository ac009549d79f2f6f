import Testing
import Torch

/// What goes wrong inside the engine comes out as its own sentence.
@Suite struct EngineErrorTests {
    private func expectSentence(
        _ part: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Any
    ) {
        let error = #expect(throws: TorchError.self, sourceLocation: location) { _ = try body() }
        guard let message = error?.message else { return }
        #expect(message.contains(part), "\(message)", sourceLocation: location)
        #expect(!message.contains("Exception raised from"), sourceLocation: location)
        #expect(!message.contains("frame #"), sourceLocation: location)
    }

    @Test func shapesThatDoNotMultiplyAreNamed() throws {
        let x = try Tensor.ones([2, 3])
        expectSentence("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)") {
            try x.matmul(x)
        }
    }

    @Test func shapesThatDoNotAddAreNamed() throws {
        let (a, b) = (try Tensor.ones([2]), try Tensor.ones([3]))
        expectSentence("The size of tensor a (2) must match the size of tensor b (3)") {
            try a + b
        }
    }

    @Test func theOperationIsNamed() throws {
        let x = try Tensor.ones([2, 3])
        expectSentence("reshaped") { try x.reshaped([4]) }
        expectSentence("shape '[4]' is invalid for input of size 6") { try x.reshaped([4]) }
    }

    @Test func dimensionsAndPlacesBeyondTheEndAreRefused() throws {
        let x = try Tensor.ones([2, 3])
        expectSentence("Dimension out of range") { try x.sum(dim: 2) }
        expectSentence("out of range") { try x.at(dim: 0, index: 2) }
        expectSentence("out of range") { try x.selected(dim: 0, index: Tensor([5], shape: [1])) }
        expectSentence("start (2) + length (2)") { try x.narrowed(dim: 1, start: 2, length: 2) }
        expectSentence("expected k of at most 3, got 4") { try x.topK(4, dim: 1) }
    }

    @Test func typesThatDoNotFitAreRefused() throws {
        let (x, weight) = (try Tensor.ones([2, 3], dtype: .bfloat16), try Tensor.ones([4, 3]))
        expectSentence("dtype") { try x.linear(weight: weight) }
    }

    /// Also where the engine has no fast kernels for it, and the product is our own.
    @Test func widthsThatDoNotFitAreRefusedInHalfPrecision() throws {
        let x = try Tensor.ones([1, 8], dtype: .bfloat16)
        let weight = try Tensor.ones([16, 4096], dtype: .bfloat16)
        expectSentence("shapes cannot be multiplied") { try x.linear(weight: weight) }
        expectSentence("shapes cannot be multiplied") { try x.affine(weight: weight) }
        expectSentence("linear") { try x.linear(weight: weight.reshaped([16, 8, 512])) }
    }

    @Test func valuesThatDoNotFillTheShapeAreRefused() throws {
        expectSentence("Tensor") { try Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
        expectSentence("Tensor") { try Tensor([1, 2, 3] as [Float], shape: [-1]) }
    }

    @Test func onlyOneElementIsAnItem() throws {
        let pair = try Tensor.ones([2])
        expectSentence("item: expected a tensor of one element, got shape [2].") {
            try pair.item()
        }
    }

    @Test func theNextErrorDoesNotRepeatTheLast() throws {
        let x = try Tensor.ones([2, 3])
        expectSentence("cannot be multiplied") { try x.matmul(x) }
        expectSentence("is invalid for input of size 6") { try x.reshaped([4]) }
    }

    @Test func aFailedCallLeavesItsInputsAsTheyWere() throws {
        let x = try Tensor.ones([2, 3])
        expectSentence("must match") { try x.copy(from: Tensor.zeros([2, 2])) }
        #expect(try x.floats() == [1, 1, 1, 1, 1, 1])
    }
}
