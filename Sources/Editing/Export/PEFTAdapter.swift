import Edits
package import Foundation
package import LanguageModels
import Torch

// Sizes: r rank, in and out widths of a map.

/// A LoRA as PyPI's `peft` has it on disk: `adapter_config.json` and `adapter_model.safetensors`.
package struct PEFTAdapter {
    package static let weightsName = "adapter_model.safetensors"
    package static let configurationName = "adapter_config.json"

    package let route: LowRankRoute

    package init(_ route: LowRankRoute) { self.route = route }

    /// The rank of every map.
    package var rank: Int { route.changes[0].a.size(1) }

    /// Writes the two files into a new folder.
    ///
    /// - Parameter base: what the adapter calls the model it belongs to.
    package func write(
        to folder: URL, for model: ModelConfiguration, base: String
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var tensors: [String: Tensor] = [:]
        for change in route.changes {
            let keys = Keys(change.site, of: model)
            tensors[keys.a] = try change.a.detached().to(.float32).transposed(0, 1).contiguous()
            tensors[keys.b] = try change.b.detached().to(.float32).transposed(0, 1).contiguous()
        }
        try writeSafetensors(
            tensors, metadata: ["format": "pt"], to: folder.appending(path: Self.weightsName))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(
            Configuration(
                base: base, rank: rank, alpha: route.scale * Double(rank),
                modules: route.changes.map { model.moduleName(of: $0.site) },
                isTransposed: model.family == .gpt2))
        try writeAtomically(to: folder.appending(path: Self.configurationName)) { try $0(json) }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `EditError` or `TorchError` for files that hold something else.
    package init(contentsOf folder: URL, for model: ModelConfiguration) throws {
        let url = folder.appending(path: Self.configurationName)
        let configuration = try JSONDecoder().decode(
            Configuration.self, from: Data(contentsOf: url))
        let file = try SafetensorsFile(folder.appending(path: Self.weightsName))
        let changes = try configuration.targetModules.map { module in
            guard let site = model.linearSites.first(where: { model.moduleName(of: $0) == module })
            else {
                throw EditError(
                    "\(url.path): expected modules of the model's MLPs, got '\(module)'; use the "
                        + "model that the adapter was made for.")
            }
            let keys = Keys(site, of: model)
            return LowRankChange(
                site: site, a: try file.tensor(named: keys.a).transposed(0, 1).contiguous(),
                b: try file.tensor(named: keys.b).transposed(0, 1).contiguous())
        }
        route = LowRankRoute(
            name: folder.lastPathComponent, changes: changes,
            scale: configuration.loraAlpha / Double(configuration.r))
    }
}

/// How `peft` names the tensors of one module: A is [r, in] and B [out, r], as in its `nn.Linear`s.
private struct Keys {
    let a: String
    let b: String

    init(_ site: Site, of model: ModelConfiguration) {
        let module = "base_model.model.\(model.moduleName(of: site))"
        a = "\(module).lora_A.weight"
        b = "\(module).lora_B.weight"
    }
}

extension ModelConfiguration {
    /// Every linear map of every MLP that can be edited.
    fileprivate var linearSites: [Site] {
        (0..<blocks).flatMap {
            [Site(block: $0, part: .expansion), Site(block: $0, part: .contraction)]
        }
    }
}

/// `adapter_config.json`: of `peft`'s keys those that fix what is computed.
private struct Configuration: Codable {
    let peftType: String
    let taskType: String
    let baseModelNameOrPath: String
    let r: Int
    let loraAlpha: Double
    let loraDropout: Double
    let targetModules: [String]
    /// Whether the base keeps its weights [in, out], as GPT-2 does; it matters when merging.
    let fanInFanOut: Bool
    let bias: String
    let inferenceMode: Bool

    enum CodingKeys: String, CodingKey {
        case peftType = "peft_type"
        case taskType = "task_type"
        case baseModelNameOrPath = "base_model_name_or_path"
        case r
        case loraAlpha = "lora_alpha"
        case loraDropout = "lora_dropout"
        case targetModules = "target_modules"
        case fanInFanOut = "fan_in_fan_out"
        case bias
        case inferenceMode = "inference_mode"
    }

    init(base: String, rank: Int, alpha: Double, modules: [String], isTransposed: Bool) {
        peftType = "LORA"
        taskType = "CAUSAL_LM"
        baseModelNameOrPath = base
        r = rank
        loraAlpha = alpha
        loraDropout = 0
        targetModules = modules
        fanInFanOut = isTransposed
        bias = "none"
        inferenceMode = true
    }
}
