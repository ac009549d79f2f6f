import Testing
import Torch

@Suite struct RandomTests {
    @Test func oneSeedGivesTheSameBitsWhateverWasDrawnBetween() throws {
        let first = try Tensor.normal([100], deviation: 2, seed: 5)
        _ = try Tensor.uniform([7], low: 0, high: 1, seed: 9)
        #expect(try Tensor.normal([100], deviation: 2, seed: 5).isBitEqual(to: first))
        #expect(try !Tensor.normal([100], deviation: 2, seed: 6).isBitEqual(to: first))
        let even = try Tensor.uniform([100], low: -1, high: 1, seed: 5)
        #expect(try Tensor.uniform([100], low: -1, high: 1, seed: 5).isBitEqual(to: even))
        #expect(try !Tensor.uniform([100], low: -1, high: 1, seed: 6).isBitEqual(to: even))
    }

    @Test func uniformValuesFillTheirBoundsAndNoMore() throws {
        let values = try Tensor.uniform([10_000], low: -0.5, high: 1.5, seed: 1).floats()
        #expect(values.allSatisfy { -0.5 <= $0 && $0 < 1.5 })
        #expect(values.min()! < -0.49 && values.max()! > 1.49)
    }

    @Test func normalValuesHaveTheMeanAndTheDeviationAskedFor() throws {
        let values = try Tensor.normal([40_000], mean: 3, deviation: 0.5, seed: 2)
        let mean = try values.mean().item()
        let deviation = try (values - mean).pow(2).mean().sqrt().item()
        // Six standard errors of 40,000 draws: 0.5 · 6 / 200 and that over √2.
        #expect(abs(mean - 3) < 0.015)
        #expect(abs(deviation - 0.5) < 0.011)
    }

    @Test func valuesOfASmallerTypeAreMadeInIt() throws {
        let values = try Tensor.normal([50], deviation: 1, seed: 3, dtype: .bfloat16)
        #expect(values.dtype == .bfloat16)
        #expect(try Set(values.floats()).count > 30)
    }

    @Test func ofEqualValuesTheLowerIndexComesFirst() throws {
        let values = try Tensor([1, 3, 3, 0, 3] as [Float], shape: [5])
        #expect(try values.topK(2, dim: 0).indices.ints() == [1, 2])
        let flat = try Tensor.zeros([2, 300])
        #expect(try flat.topK(4, dim: -1).indices.ints() == [0, 1, 2, 3, 0, 1, 2, 3])
    }
}
