package import Torch

/// The two normalisations over the residual stream's width.
enum Normalization {
    case layer(weight: Tensor, bias: Tensor, epsilon: Double)
    case rootMeanSquare(weight: Tensor, epsilon: Double)

    /// [B, T, D] to [B, T, D].
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        switch self {
        case .layer(let weight, let bias, let epsilon):
            try x.layerNorm(weight: weight, bias: bias, epsilon: epsilon)
        case .rootMeanSquare(let weight, let epsilon):
            try x.rmsNorm(weight: weight, epsilon: epsilon)
        }
    }
}

/// A linear map with its weight stored [out, in], as most models have it.
package struct LinearMap {
    /// [out, in].
    package let weight: Tensor
    /// [out], where there is one.
    package let bias: Tensor?

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.linear(weight: weight, bias: bias)
    }
}

/// A linear map with its weight of shape [in, out], as GPT-2 has it.
///
/// The shape is GPT-2's, the memory behind it is laid out as [out, in] by `Tensor.outputMajor()`:
/// the engine multiplies that 1.1 to 1.7 times faster.
struct AffineMap {
    let weight: Tensor
    let bias: Tensor?

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.affine(weight: weight, bias: bias)
    }

    /// The same map, seen as one with its weight [out, in].
    func linearMap() throws -> LinearMap {
        LinearMap(weight: try weight.transposed(0, 1), bias: bias)
    }
}

extension Tensor {
    /// The same [in, out] matrix with each output's weights side by side in memory.
    func outputMajor() throws -> Tensor {
        try transposed(0, 1).contiguous().transposed(0, 1)
    }
}
