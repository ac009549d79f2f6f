import Torch

// Sizes: in and out of the edited map.

/// The change of a linear map, of rank one, after which it gives a wanted output for one key
/// (Meng et al., 2022, eq. 2 and appendix A).
///
///     u = C⁻¹ k / ‖C⁻¹ k‖      Λ = (v* − o) / (k′ · u)      W ← W + Λ uᵀ
///
/// k sets the direction and k′, whose output is o, the length; W then maps k′ to v*. As released k
/// is averaged and k′ is not, and where they point apart k′ · u is small and Λ is huge.
struct RankOneWrite {
    /// u, of unit length: [in].
    let left: Tensor
    /// Λ: [out].
    let right: Tensor

    /// - Parameters:
    ///   - direction: k, [in].
    ///   - key: k′, [in].
    ///   - output: o, what the map gives for k′ now, [out].
    ///   - goal: v*, what it shall give, [out].
    ///   - inverse: C⁻¹, [in, in]; nil for the identity.
    init(
        direction: Tensor, key: Tensor, output: Tensor, goal: Tensor, inverse: Tensor?
    ) throws {
        let whitened = try inverse.map { try $0.matmul(direction) } ?? direction
        left = try whitened / whitened.norm()
        right = try (goal - output) / (key * left).sum()
    }

    /// `weight` [out, in] with the change made.
    func applied(to weight: Tensor) throws -> Tensor {
        try weight + right.unsqueezed(1) * left.unsqueezed(0)
    }

    /// ‖ΔW‖ (Frobenius), which is ‖Λ‖ since u has unit length.
    func size() throws -> Double { try right.norm().item() }
}

extension Tensor {
    /// The square root of the sum of squares, a scalar. Its gradient does not exist at zero.
    func norm() throws -> Tensor { try pow(2).sum().sqrt() }
}
