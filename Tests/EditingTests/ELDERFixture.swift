import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

@testable import Editing

/// What the PyTorch twin did on a tiny model: reference/make_fixtures.py documents the format.
struct ELDERFixture {
    struct Figures: Decodable {
        let total: Double
        let crossEntropy: Double
        let guide: Double
        let chosen: [[[Int]]]?

        enum CodingKeys: String, CodingKey {
            case total, guide, chosen
            case crossEntropy = "cross_entropy"
        }
    }

    struct Row: Decodable {
        let prompt: [Int]
        let target: [Int]
    }

    struct Batch: Decodable {
        let rows: [Row]
        let allocation: [[[Int]]]
        let before: Figures
        let scores: [[[Double]]]
        let steps: [Figures]
        let codes: [String]
    }

    struct Variant: Decodable {
        let steps: [Figures]
    }

    struct Deferral: Decodable {
        let prompts: [[Int]]
        let codes: [String]
        let nearest: [Int]
        let inScope: [Bool]

        enum CodingKeys: String, CodingKey {
            case prompts, codes, nearest
            case inScope = "in_scope"
        }
    }

    struct Settings: Decodable {
        let part: ELDERConfig.Part
        let queryBlock: Int
        let blocks: [Int]
        let experts, active, rank, steps, threshold: Int
        let alpha, learningRate, guideWeight: Double

        enum CodingKeys: String, CodingKey {
            case part, blocks, experts, active, rank, steps, threshold, alpha
            case queryBlock = "query_block"
            case learningRate = "learning_rate"
            case guideWeight = "guide_weight"
        }
    }

    struct Document: Decodable {
        let eos: Int
        let settings: Settings
        let batches: [Batch]
        let gradients: [String: Figures]
        let variants: [String: Variant]
        let deferral: Deferral
    }

    let document: Document
    let tensors: SafetensorsFile
    let model: CausalModel

    /// - Parameter family: `gpt2` or `llama`.
    init(_ family: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures")
        document = try JSONDecoder().decode(
            Document.self, from: Data(contentsOf: folder.appending(path: "elder-\(family).json")))
        tensors = try SafetensorsFile(folder.appending(path: "elder-\(family).safetensors"))
        model = try CausalModel.load(from: folder.appending(path: "tiny-\(family)"))
    }

    func config() throws -> ELDERConfig {
        let settings = document.settings
        var config = try ELDERConfig(
            firstBlock: settings.blocks[0], layers: settings.blocks.count, part: settings.part,
            queryBlock: settings.queryBlock)
        config.experts = settings.experts
        config.active = settings.active
        config.rank = settings.rank
        config.alpha = settings.alpha
        config.steps = settings.steps
        config.learningRate = settings.learningRate
        config.guidanceWeight = settings.guideWeight
        config.hammingThreshold = settings.threshold
        return config
    }

    /// An editor that starts from the twin's tensors.
    func editor(_ config: ELDERConfig, perturbed: Bool = false) throws -> ELDER {
        var state = try ELDER(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1
        ).state()
        for (index, block) in document.settings.blocks.enumerated() {
            let b = perturbed ? "perturbed" : "initial"
            state.tensors["layers.\(index).a"] = try tensors.tensor(
                named: "initial.blocks.\(block).a")
            state.tensors["layers.\(index).b"] = try tensors.tensor(named: "\(b).blocks.\(block).b")
        }
        state.tensors["router.weight"] = try stacked("initial", "router.weight")
        state.tensors["router.bias"] = try stacked("initial", "router.bias")
        return try ELDER(restoring: state, model: model, tokenizer: NumberTokenizer())
    }

    /// The twin keeps one router a layer; ours are one tensor.
    func stacked(_ prefix: String, _ name: String) throws -> Tensor {
        try Tensor.stacked(
            document.settings.blocks.map {
                try tensors.tensor(named: "\(prefix).blocks.\($0).\(name)")
            }, dim: 0)
    }

    func batch(_ index: Int) throws -> EditBatch {
        try EditBatch(
            document.batches[index].rows.map {
                EncodedRow(prompt: $0.prompt, target: $0.target + [document.eos])
            }, device: .cpu)
    }

    func assigned(_ index: Int) -> [RouteCode] {
        document.batches[index].allocation.map {
            RouteCode(chosen: $0, experts: document.settings.experts)
        }
    }

    func rows(_ index: Int) -> [EditRow] {
        document.batches[index].rows.indices.map {
            EditRow(editID: "\(index).\($0)", prompt: "\($0)", target: "\($0)")
        }
    }
}

/// Text that is its own token ids: "5 9 2".
struct NumberTokenizer: Tokenizer {
    var vocabularySize: Int { 64 }
    var beginningOfText: Int? { nil }
    var endOfText: Int? { 63 }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        text.split(whereSeparator: \.isWhitespace).map { Int($0)! }
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        ids.map(String.init).joined(separator: " ")
    }

    func id(of token: String) -> Int? { Int(token) }
    func token(of id: Int) -> String? { String(id) }
}

extension ELDER {
    /// Teaches one whole batch, as the twin does, and returns the loss of each step.
    mutating func train(
        _ batch: EditBatch, towards assigned: [RouteCode], new: [EditRow]
    ) throws -> [Double] {
        var optimizer = Adam(parameters: trained, learningRate: config.learningRate)
        let round = try train(
            batch, towards: assigned, steps: 0..<config.steps, optimizer: &optimizer)
        try remember(new, after: round)
        return round.losses
    }
}
