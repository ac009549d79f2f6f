import Torch

// The names that Hugging Face checkpoints use; they stand in this file and nowhere else.

/// The parts of a model outside its blocks.
struct Frame {
    let tokens: Tensor  // [V, D]
    let positions: Tensor?  // [context, D], where positions are learned
    let finalNorm: Normalization
    let head: Tensor  // [V, D]
}

extension ParameterList {
    /// The embeddings come first, the final norm and the head last; `blocks` stand between.
    mutating func model(_ c: ModelConfiguration) throws -> (Frame, [any Block]) {
        switch c.family {
        case .gpt2: try gpt2(c)
        case .llama: try llama(c)
        }
    }

    private mutating func gpt2(_ c: ModelConfiguration) throws -> (Frame, [any Block]) {
        let tokens = try take("transformer.wte.weight", [c.vocabularySize, c.width])
        let positions = try take("transformer.wpe.weight", [c.contextLength, c.width])
        let blocks = try (0..<c.blocks).map { try gpt2Block("transformer.h.\($0)", c) }
        let norm = try layerNorm("transformer.ln_f", c)
        let head = c.isTied ? tokens : try take("lm_head.weight", [c.vocabularySize, c.width])
        return (Frame(tokens: tokens, positions: positions, finalNorm: norm, head: head), blocks)
    }

    private mutating func gpt2Block(
        _ name: String, _ c: ModelConfiguration
    ) throws -> any Block {
        let residual = ParameterShape.Kind.residualMatrix(isAffine: true)
        return GPT2Block(
            attentionNorm: try layerNorm("\(name).ln_1", c),
            attentionInput: try affine("\(name).attn.c_attn", from: c.width, to: 3 * c.width),
            attentionOutput: try affine(
                "\(name).attn.c_proj", from: c.width, to: c.width, residual),
            attention: Attention(c),
            feedForwardNorm: try layerNorm("\(name).ln_2", c),
            expansionMap: try affine("\(name).mlp.c_fc", from: c.width, to: c.feedForwardWidth),
            activation: c.activation,
            contractionMap: try affine(
                "\(name).mlp.c_proj", from: c.feedForwardWidth, to: c.width, residual))
    }

    private mutating func llama(_ c: ModelConfiguration) throws -> (Frame, [any Block]) {
        let tokens = try take("model.embed_tokens.weight", [c.vocabularySize, c.width])
        let blocks = try (0..<c.blocks).map { try llamaBlock("model.layers.\($0)", c) }
        let norm = try rmsNorm("model.norm", c)
        let head = c.isTied ? tokens : try take("lm_head.weight", [c.vocabularySize, c.width])
        return (Frame(tokens: tokens, positions: nil, finalNorm: norm, head: head), blocks)
    }

    private mutating func llamaBlock(
        _ name: String, _ c: ModelConfiguration
    ) throws -> any Block {
        let queries = c.heads * c.headWidth
        let shared = c.keyValueHeads * c.headWidth
        let (attention, mlp) = ("\(name).self_attn", "\(name).mlp")
        let (biased, mlpBiased) = (c.hasAttentionBias, c.hasFeedForwardBias)
        let residual = ParameterShape.Kind.residualMatrix(isAffine: false)
        return LlamaBlock(
            attentionNorm: try rmsNorm("\(name).input_layernorm", c),
            query: try linear("\(attention).q_proj", from: c.width, to: queries, hasBias: biased),
            key: try linear("\(attention).k_proj", from: c.width, to: shared, hasBias: biased),
            value: try linear("\(attention).v_proj", from: c.width, to: shared, hasBias: biased),
            attentionOutput: try linear(
                "\(attention).o_proj", from: queries, to: c.width, hasBias: biased, residual),
            attention: Attention(c),
            feedForwardNorm: try rmsNorm("\(name).post_attention_layernorm", c),
            gateMap: try linear(
                "\(mlp).gate_proj", from: c.width, to: c.feedForwardWidth, hasBias: mlpBiased),
            expansionMap: try linear(
                "\(mlp).up_proj", from: c.width, to: c.feedForwardWidth, hasBias: mlpBiased),
            activation: c.activation,
            contractionMap: try linear(
                "\(mlp).down_proj", from: c.feedForwardWidth, to: c.width, hasBias: mlpBiased,
                residual))
    }

    private mutating func layerNorm(
        _ name: String, _ c: ModelConfiguration
    ) throws -> Normalization {
        .layer(
            weight: try take("\(name).weight", [c.width], .scale),
            bias: try take("\(name).bias", [c.width], .bias), epsilon: c.epsilon)
    }

    private mutating func rmsNorm(
        _ name: String, _ c: ModelConfiguration
    ) throws -> Normalization {
        .rootMeanSquare(
            weight: try take("\(name).weight", [c.width], .scale), epsilon: c.epsilon)
    }
}

extension Attention {
    fileprivate init(_ c: ModelConfiguration) {
        self.init(heads: c.heads, keyValueHeads: c.keyValueHeads, headWidth: c.headWidth)
    }
}

extension ModelConfiguration {
    /// What `transformers` calls the module that computes the map at `site`.
    package func moduleName(of site: Site) -> String {
        let (block, maps) =
            switch family {
            case .gpt2: ("transformer.h.\(site.block).mlp", ["c_fc", "c_proj"])
            case .llama: ("model.layers.\(site.block).mlp", ["up_proj", "down_proj"])
            }
        return switch site.part {
        case .expansion: "\(block).\(maps[0])"
        case .contraction: "\(block).\(maps[1])"
        case .whole: block
        }
    }
}

extension ModelFamily {
    /// The name our table gives to a tensor that a checkpoint calls `name`; nil for one that holds
    /// nothing a model needs.
    func canonicalName(_ name: String, isTied: Bool) -> String? {
        if name == "lm_head.weight" { return isTied ? nil : name }
        switch self {
        case .gpt2:
            // Causal masks that older versions of `transformers` stored beside the weights.
            if name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias") { return nil }
            return name.hasPrefix("transformer.") ? name : "transformer." + name
        case .llama:
            return name.hasSuffix(".rotary_emb.inv_freq") ? nil : name
        }
    }
}
