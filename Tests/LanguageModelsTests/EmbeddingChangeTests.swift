import LanguageModels
import TestSupport
import Testing
import Torch

@Suite struct EmbeddingChangeTests {
    private let seam = Site(block: 1, part: .contraction)

    /// Adding the difference of two embeddings is reading the other token.
    @Test(arguments: TinyModel.allCases)
    func addingTheDifferenceOfTwoTokensReadsTheOther(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let table = model.tokenEmbeddings
        let difference = try table.at(dim: 0, index: 9) - table.at(dim: 0, index: 4)
        let zero = try Tensor.zeros([model.configuration.width])
        let change = try Tensor.stacked([zero, difference, zero], dim: 0).unsqueezed(0)
        let changed = try model.prefix(
            TokenBatch([[3, 4, 5]]), upTo: seam, addingToEmbeddings: change)
        let other = try model.prefix(TokenBatch([[3, 9, 5]]), upTo: seam)
        #expect(
            Tolerance.float32.firstDifference(
                try changed.output.floats(), try other.output.floats()) == nil)
    }

    @Test(arguments: TinyModel.allCases)
    func addingNothingChangesNoBitAndNothingStays(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let batch = try TokenBatch([[3, 4, 5]])
        let shape = [1, 3, model.configuration.width]
        let plain = try model.prefix(batch, upTo: seam).output
        let zeros = try Tensor.zeros(shape)
        let ones = try Tensor.ones(shape)
        #expect(
            try model.prefix(batch, upTo: seam, addingToEmbeddings: zeros).output
                .isBitEqual(to: plain))
        #expect(
            try !model.prefix(batch, upTo: seam, addingToEmbeddings: ones).output
                .isBitEqual(to: plain))
        #expect(try model.prefix(batch, upTo: seam).output.isBitEqual(to: plain))
    }
}
