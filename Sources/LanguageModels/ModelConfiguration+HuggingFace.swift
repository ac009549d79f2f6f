package import Foundation
package import Torch

extension ModelConfiguration {
    /// Reads the `config.json` of a Hugging Face directory.
    ///
    /// - Throws: `ModelError` for bad JSON, an unknown architecture, a missing key, or a setting
    ///   this target does not compute.
    package init(huggingFace data: Data) throws {
        let file = try HuggingFaceConfiguration(data)
        switch file.modelType {
        case "gpt2": self = try Self.gpt2(file)
        case "llama": self = try Self.llama(file)
        default:
            let found = file.modelType ?? file.architectures?.first ?? "nothing"
            throw ModelError(
                "The model's architecture must be gpt2 or llama, but config.json gives "
                    + "'\(found)'; choose a model of one of these families.")
        }
        try validate()
    }

    private static func gpt2(_ file: HuggingFaceConfiguration) throws -> ModelConfiguration {
        guard file.scaleAttnWeights ?? true, !(file.scaleAttnByInverseLayerIdx ?? false) else {
            throw ModelError(
                "config.json asks for attention scaled by layer or not at all, which is not "
                    + "supported; choose a GPT-2 with scale_attn_weights true and "
                    + "scale_attn_by_inverse_layer_idx false.")
        }
        let width = try file.required("n_embd", file.nEmbd)
        let heads = try file.required("n_head", file.nHead)
        let vocabulary = try file.required("vocab_size", file.vocabSize)
        return ModelConfiguration(
            family: .gpt2, vocabularySize: vocabulary, contextLength: file.nPositions ?? 1024,
            width: width, blocks: try file.required("n_layer", file.nLayer), heads: heads,
            keyValueHeads: heads, headWidth: heads > 0 ? width / heads : 0,
            // A width for which this overflows is refused by `validate`.
            feedForwardWidth: file.nInner ?? 4 &* width,
            activation: try file.activation(file.activationFunction ?? "gelu_new"),
            epsilon: file.layerNormEpsilon ?? 1e-5, rotary: nil, hasAttentionBias: true,
            hasFeedForwardBias: true, isTied: file.tieWordEmbeddings ?? true,
            beginningOfText: file.bosTokenId, endOfText: file.eosTokenId?.values ?? [])
    }

    private static func llama(_ file: HuggingFaceConfiguration) throws -> ModelConfiguration {
        let width = try file.required("hidden_size", file.hiddenSize)
        let heads = try file.required("num_attention_heads", file.numAttentionHeads)
        let trained = file.maxPositionEmbeddings ?? 2048
        let rotary = try RotaryPositions(file, contextLength: trained)
        return ModelConfiguration(
            family: .llama, vocabularySize: try file.required("vocab_size", file.vocabSize),
            contextLength: rotary.contextLength(file, trained: trained), width: width,
            blocks: try file.required("num_hidden_layers", file.numHiddenLayers), heads: heads,
            keyValueHeads: file.numKeyValueHeads ?? heads,
            headWidth: file.headDim ?? (heads > 0 ? width / heads : 0),
            feedForwardWidth: try file.required("intermediate_size", file.intermediateSize),
            activation: try file.activation(file.hiddenAct ?? "silu"),
            epsilon: file.rmsNormEps ?? 1e-6,
            rotary: rotary, hasAttentionBias: file.attentionBias ?? false,
            hasFeedForwardBias: file.mlpBias ?? false,
            isTied: file.tieWordEmbeddings ?? false, beginningOfText: file.bosTokenId,
            endOfText: file.eosTokenId?.values ?? [])
    }

    /// The `config.json` that `transformers` reads for this model.
    ///
    /// - Parameter dtype: the type the weights beside it are stored in, which the file mentions.
    package func huggingFaceJSON(dtype: DType? = nil) throws -> Data {
        var object = family == .gpt2 ? gpt2JSON : llamaJSON
        object["vocab_size"] = vocabularySize
        object["tie_word_embeddings"] = isTied
        // Said even where there is none: a missing key stands for the family's own token.
        object["bos_token_id"] = beginningOfText ?? NSNull()
        switch endOfText.count {
        case 0: object["eos_token_id"] = NSNull()
        case 1: object["eos_token_id"] = endOfText[0]
        default: object["eos_token_id"] = endOfText
        }
        object["torch_dtype"] = dtype?.rawValue
        return try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    }

    private var gpt2JSON: [String: Any] {
        [
            "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
            "n_positions": contextLength,
            "n_ctx": contextLength, "n_embd": width, "n_layer": blocks, "n_head": heads,
            "n_inner": feedForwardWidth, "activation_function": activation.rawValue,
            "layer_norm_epsilon": epsilon,
            // Training by other tools shall start without dropout, as ours does.
            "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
        ]
    }

    private var llamaJSON: [String: Any] {
        var object: [String: Any] = [
            "model_type": "llama", "architectures": ["LlamaForCausalLM"],
            "max_position_embeddings": contextLength, "hidden_size": width,
            "num_hidden_layers": blocks, "num_attention_heads": heads,
            "num_key_value_heads": keyValueHeads, "head_dim": headWidth,
            "intermediate_size": feedForwardWidth, "hidden_act": activation.rawValue,
            "rms_norm_eps": epsilon, "attention_bias": hasAttentionBias,
            "mlp_bias": hasFeedForwardBias,
        ]
        object["rope_theta"] = rotary?.base
        object["rope_scaling"] = rotary?.scaling?.huggingFace
        return object
    }
}

extension RotaryPositions {
    /// Reads `rope_parameters`, or the older pair `rope_theta` and `rope_scaling`.
    init(_ file: HuggingFaceConfiguration, contextLength: Int) throws {
        let rope = file.ropeParameters ?? file.ropeScaling
        base = rope?.ropeTheta ?? file.ropeTheta ?? 10_000
        guard rope?.partialRotaryFactor ?? 1 == 1 else {
            throw ModelError(
                "config.json turns only a part of each head (partial_rotary_factor), which is not "
                    + "supported; choose a model that turns whole heads.")
        }
        scaling = try rope.flatMap {
            try RotaryScaling($0, file: file, contextLength: contextLength)
        }
    }

    /// The context of a model of `trained` positions. Models that were tuned on longer texts with
    /// linear scaling keep that number and give the longer one beside it (Vicuna's of 16k).
    fileprivate func contextLength(_ file: HuggingFaceConfiguration, trained: Int) -> Int {
        guard case .linear? = scaling else { return trained }
        return max(trained, file.maxSequenceLength ?? trained)
    }
}

extension RotaryScaling {
    init?(
        _ rope: HuggingFaceConfiguration.Rope, file: HuggingFaceConfiguration, contextLength: Int
    ) throws {
        let type = rope.ropeType ?? rope.type ?? "default"
        let trained = rope.originalMaxPositionEmbeddings ?? contextLength
        func factor() throws -> Double { try file.required("rope_scaling.factor", rope.factor) }
        switch type {
        case "default": return nil
        case "linear": self = .linear(factor: try factor())
        case "dynamic": self = .dynamic(factor: try factor())
        case "llama3":
            self = .llama3(
                factor: try factor(),
                lowFrequency: try file.required("rope_scaling.low_freq_factor", rope.lowFreqFactor),
                highFrequency: try file.required(
                    "rope_scaling.high_freq_factor", rope.highFreqFactor), trainedLength: trained)
        case "yarn":
            let stretch = rope.factor ?? Double(contextLength) / Double(trained)
            self = .yarn(
                Yarn(
                    factor: stretch, trainedLength: trained, fastRotations: rope.betaFast ?? 32,
                    slowRotations: rope.betaSlow ?? 1,
                    attentionFactor: rope.attentionFactor
                        ?? Yarn.attentionFactor(stretch, rope.mscale, rope.mscaleAllDim),
                    truncates: rope.truncate ?? true))
        default:
            throw ModelError(
                "The rotary scaling '\(type)' in config.json is not supported; a model with "
                    + "default, linear, dynamic, llama3 or yarn is needed.")
        }
    }

    /// The `rope_scaling` object that `transformers` reads.
    var huggingFace: [String: Any] {
        switch self {
        case .linear(let factor): ["rope_type": "linear", "factor": factor]
        case .dynamic(let factor): ["rope_type": "dynamic", "factor": factor]
        case .llama3(let factor, let low, let high, let trained):
            [
                "rope_type": "llama3", "factor": factor, "low_freq_factor": low,
                "high_freq_factor": high, "original_max_position_embeddings": trained,
            ]
        case .yarn(let yarn):
            [
                "rope_type": "yarn", "factor": yarn.factor, "beta_fast": yarn.fastRotations,
                "beta_slow": yarn.slowRotations, "attention_factor": yarn.attentionFactor,
                "original_max_position_embeddings": yarn.trainedLength, "truncate": yarn.truncates,
            ]
        }
    }
}

extension Yarn {
    /// The amplitude the paper suggests for a stretch by `factor`.
    static func attentionFactor(_ factor: Double, _ mscale: Double?, _ all: Double?) -> Double {
        func amplitude(_ scale: Double) -> Double {
            factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
        }
        guard let mscale, let all, mscale != 0, all != 0 else { return amplitude(1) }
        return amplitude(mscale) / amplitude(all)
    }
}
