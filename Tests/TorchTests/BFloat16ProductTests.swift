import Testing
import Torch

/// Products in bfloat16 are those in float32, rounded, whichever way the processor takes.
@Suite struct BFloat16ProductTests {
    /// Rows, and the matrix's outputs and inputs: one row, a few and many; a matrix that ends within
    /// a block, of several blocks and of several parts; and sizes that no register divides.
    private static let sizes = [
        [1, 8, 16], [3, 8, 16], [7, 104, 1048], [48, 1048, 104], [49, 104, 64], [161, 104, 64],
        [5, 50, 30], [5, 50, 32], [5, 48, 30], [2, 2100, 2048], [170, 2100, 2048],
    ]

    /// Small whole numbers, which bfloat16 has exactly.
    private func matrix(_ shape: [Int], modulus: Int) throws -> Tensor {
        let values = (0..<shape.reduce(1, *)).map { Float($0 * 7 % modulus - modulus / 2) }
        return try Tensor(values, shape: shape)
    }

    private func expectClose(_ some: Tensor, _ exact: Tensor) throws {
        #expect(some.dtype == .bfloat16)
        #expect(some.shape == exact.shape)
        let rounded = try exact.to(.bfloat16).to(.float32)
        // The order of a sum may move it over one edge between two bfloat16 numbers.
        let furthest = try zip(some.to(.float32).floats(), rounded.floats())
            .map { abs($0 - $1) / max(abs($1), 1) }.max()
        #expect(furthest! <= 0x1p-7)
    }

    /// Product and gradients of both ways: float32 first.
    private func products(
        _ size: [Int], _ map: (Tensor, Tensor, Tensor) throws -> Tensor, weightShape: [Int]
    ) throws -> [[Tensor]] {
        try [DType.float32, .bfloat16].map { dtype in
            let x = try matrix([size[0], size[2]], modulus: 13).to(dtype).requireGradient()
            let weight = try matrix(weightShape, modulus: 11).to(dtype).requireGradient()
            let bias = try matrix([size[1]], modulus: 5).to(dtype).requireGradient()
            let product = try map(x, weight, bias)
            try product.to(.float32).sum().backward()
            return [try product.detached()] + (try [x, weight, bias].map { try $0.gradient! })
        }
    }

    @Test(arguments: sizes) func linearMapsAndTheirGradients(_ size: [Int]) throws {
        let both = try products(
            size, { try $0.linear(weight: $1, bias: $2) }, weightShape: [size[1], size[2]])
        for (exact, some) in zip(both[0], both[1]) { try expectClose(some, exact) }
    }

    @Test(arguments: sizes) func affineMapsAndTheirGradients(_ size: [Int]) throws {
        let both = try products(
            size, { try $0.affine(weight: $1, bias: $2) }, weightShape: [size[2], size[1]])
        for (exact, some) in zip(both[0], both[1]) { try expectClose(some, exact) }
    }

    @Test func withoutABiasAndOverSeveralDimensions() throws {
        let (x, weight) = (try matrix([2, 5, 16], modulus: 13), try matrix([8, 16], modulus: 11))
        let product = try x.to(.bfloat16).linear(weight: weight.to(.bfloat16))
        try expectClose(product, x.linear(weight: weight))
    }
}
