import Torch

/// A block of LLaMA (Touvron et al., 2023): RMS norms first, rotary positions, grouped queries, a
/// gated MLP.
struct LlamaBlock: Block {
    let attentionNorm: Normalization  // input_layernorm
    let query: LinearMap  // self_attn.q_proj, [H d, D]
    let key: LinearMap  // self_attn.k_proj, [H′ d, D]
    let value: LinearMap  // self_attn.v_proj, [H′ d, D]
    let attentionOutput: LinearMap  // self_attn.o_proj, [D, H d]
    let attention: Attention
    let feedForwardNorm: Normalization  // post_attention_layernorm
    let gateMap: LinearMap  // mlp.gate_proj, [F, D]
    let expansionMap: LinearMap  // mlp.up_proj, [F, D]
    let activation: Activation
    let contractionMap: LinearMap  // mlp.down_proj, [D, F]

    func attended(
        _ x: Tensor, at placement: Placement, keeping positions: Tensor?,
        memory: inout BlockMemory?
    ) throws -> Tensor {
        let h = try attentionNorm(x)  // [B, T, D]
        let mixed = try attention(
            query: query(h), key: key(h), value: value(h), at: placement,
            memory: &memory)  // [B, T, H d]
        return try x.kept(positions) + attentionOutput(mixed.kept(positions))
    }

    func normalized(_ x: Tensor) throws -> Tensor { try feedForwardNorm(x) }

    func gate(_ h: Tensor) throws -> Tensor? { try activation(gateMap(h)) }

    func expansion(_ h: Tensor) throws -> Tensor { try expansionMap(h) }

    func activated(_ expanded: Tensor, gate: Tensor?) throws -> Tensor {
        guard let gate else { preconditionFailure("a LLaMA block always has a gate") }
        return try gate * expanded
    }

    func contraction(_ a: Tensor) throws -> Tensor { try contractionMap(a) }

    func linearMap(_ part: FeedForwardPart) throws -> LinearMap? {
        switch part {
        case .expansion: expansionMap
        case .contraction: contractionMap
        case .whole: nil
        }
    }
}
