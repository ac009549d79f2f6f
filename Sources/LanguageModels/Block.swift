import Torch

/// One transformer block, in the pieces between which an editor may cut.
///
/// A block is `x + attention(norm(x))` and then `x + contraction(activated(expansion(norm(x))))`.
/// The model drives the pieces, so that a prefix can stop before any of the two linear maps of the
/// MLP and a suffix can go on from there.
protocol Block {
    /// The attention half, residual to residual: [B, T, D] to [B, T, D].
    ///
    /// - Parameter positions: of the flattened rows, those to go on with, [1, N, D]; nil for all.
    func attended(
        _ x: Tensor, at placement: Placement, keeping positions: Tensor?,
        memory: inout BlockMemory?
    ) throws -> Tensor

    /// What the MLP's maps read: the residual, normalised, [B, T, D].
    func normalized(_ x: Tensor) throws -> Tensor

    /// What gates the expansion, [B, T, F]; nil in an MLP without gate.
    func gate(_ h: Tensor) throws -> Tensor?

    /// The first linear map, [B, T, D] to [B, T, F].
    func expansion(_ h: Tensor) throws -> Tensor

    /// The non-linearity, [B, T, F] to [B, T, F].
    func activated(_ expanded: Tensor, gate: Tensor?) throws -> Tensor

    /// The second linear map, [B, T, F] to [B, T, D].
    func contraction(_ a: Tensor) throws -> Tensor

    /// Weight and bias of one of the two linear maps; nil for the whole MLP, which is none.
    func linearMap(_ part: FeedForwardPart) throws -> LinearMap?
}

extension Activation {
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        switch self {
        case .gelu: try x.gelu()
        case .geluTanh: try x.geluTanh()
        case .relu: try x.relu()
        case .silu: try x.silu()
        }
    }
}
