import Foundation

/// `config.json` as it stands in a Hugging Face directory; every key may be missing.
struct HuggingFaceConfiguration: Decodable {
    var modelType: String?
    var architectures: [String]?
    var vocabSize: Int?
    var bosTokenId: Int?
    var eosTokenId: OneOrMany?
    var tieWordEmbeddings: Bool?

    // GPT-2
    var nPositions: Int?
    var nEmbd: Int?
    var nLayer: Int?
    var nHead: Int?
    var nInner: Int?
    var activationFunction: String?
    var layerNormEpsilon: Double?
    var scaleAttnWeights: Bool?
    var scaleAttnByInverseLayerIdx: Bool?

    // LLaMA
    var hiddenSize: Int?
    var intermediateSize: Int?
    var numHiddenLayers: Int?
    var numAttentionHeads: Int?
    var numKeyValueHeads: Int?
    var headDim: Int?
    var maxPositionEmbeddings: Int?
    var maxSequenceLength: Int?
    var rmsNormEps: Double?
    var hiddenAct: String?
    var attentionBias: Bool?
    var mlpBias: Bool?
    var ropeTheta: Double?
    var ropeScaling: Rope?
    var ropeParameters: Rope?

    /// Rotary settings, in the older `rope_scaling` and the newer `rope_parameters` alike.
    struct Rope: Decodable {
        var type: String?
        var ropeType: String?
        var ropeTheta: Double?
        var factor: Double?
        var lowFreqFactor: Double?
        var highFreqFactor: Double?
        var originalMaxPositionEmbeddings: Int?
        var attentionFactor: Double?
        var betaFast: Double?
        var betaSlow: Double?
        var mscale: Double?
        var mscaleAllDim: Double?
        var truncate: Bool?
        var partialRotaryFactor: Double?
    }

    /// A number, or a list of them.
    struct OneOrMany: Decodable {
        let values: [Int]

        init(_ value: Int) { values = [value] }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(Int.self) {
                values = [one]
            } else {
                values = try container.decode([Int].self)
            }
        }
    }

    /// Whatever stands at a key.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    init(_ data: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(Self.self, from: data)
            nameEnds(except: Set(try decoder.decode([String: Anything].self, from: data).keys))
        } catch DecodingError.typeMismatch(let type, let context) {
            let key = context.codingPath.map { Self.snakeCase($0.stringValue) }
                .joined(separator: ".")
            throw ModelError(
                "config.json: '\(key)' must be of type \(type), but something else stands there; "
                    + "correct that value.")
        } catch {
            throw ModelError(
                "config.json must be a JSON object, but it cannot be read as one; "
                    + "download the file again or correct it.")
        }
    }

    /// Takes the tokens that `transformers` has for a family where the file is silent, not where it
    /// says null; but none that the vocabulary lacks, which no text could hold.
    private mutating func nameEnds(except stated: Set<String>) {
        let (beginning, end) = modelType == "gpt2" ? (50256, 50256) : (1, 2)
        let known = 0..<max(vocabSize ?? 0, 0)
        if !stated.contains("bos_token_id"), known.contains(beginning) { bosTokenId = beginning }
        if !stated.contains("eos_token_id"), known.contains(end) { eosTokenId = OneOrMany(end) }
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }

    /// The value of a key a model cannot do without.
    func required<Value>(_ key: String, _ value: Value?) throws -> Value {
        guard let value else {
            throw ModelError(
                "config.json must give '\(key)' for a model of type '\(modelType ?? "?")', but the "
                    + "key is missing; add it.")
        }
        return value
    }

    /// The activation `name` stands for.
    func activation(_ name: String) throws -> Activation {
        switch name {
        case "gelu_pytorch_tanh", "gelu_new": return .geluTanh
        case "swish", "silu": return .silu
        default:
            guard let activation = Activation(rawValue: name) else {
                throw ModelError(
                    "The activation '\(name)' in config.json is not supported; a model with "
                        + "gelu_new, gelu, relu or silu is needed.")
            }
            return activation
        }
    }
}
