import Torch

/// A block of GPT-2 (Radford et al., 2019): layer norms first, learned positions, a GELU MLP.
struct GPT2Block: Block {
    let attentionNorm: Normalization  // ln_1
    let attentionInput: AffineMap  // attn.c_attn, [D, 3 D]
    let attentionOutput: AffineMap  // attn.c_proj, [D, D]
    let attention: Attention
    let feedForwardNorm: Normalization  // ln_2
    let expansionMap: AffineMap  // mlp.c_fc, [D, F]
    let activation: Activation
    let contractionMap: AffineMap  // mlp.c_proj, [F, D]

    func attended(
        _ x: Tensor, at placement: Placement, keeping positions: Tensor?,
        memory: inout BlockMemory?
    ) throws -> Tensor {
        let width = x.size(-1)
        let qkv = try attentionInput(attentionNorm(x))  // [B, T, 3 D]
        let mixed = try attention(
            query: qkv.narrowed(dim: -1, start: 0, length: width),
            key: qkv.narrowed(dim: -1, start: width, length: width),
            value: qkv.narrowed(dim: -1, start: 2 * width, length: width),
            at: placement, memory: &memory)  // [B, T, D]
        return try x.kept(positions) + attentionOutput(mixed.kept(positions))
    }

    func normalized(_ x: Tensor) throws -> Tensor { try feedForwardNorm(x) }

    func gate(_ h: Tensor) throws -> Tensor? { nil }

    func expansion(_ h: Tensor) throws -> Tensor { try expansionMap(h) }

    func activated(_ expanded: Tensor, gate: Tensor?) throws -> Tensor { try activation(expanded) }

    func contraction(_ a: Tensor) throws -> Tensor { try contractionMap(a) }

    func linearMap(_ part: FeedForwardPart) throws -> LinearMap? {
        switch part {
        case .expansion: try expansionMap.linearMap()
        case .contraction: try contractionMap.linearMap()
        case .whole: nil
        }
    }
}
