import Edits
import LanguageModels

extension ELDER: ConfigurableMethod {}

extension MethodEntry {
    static let elder = MethodEntry(
        ELDER.self, name: "elder", title: "ELDER", paper: "Li et al., 2024, arXiv 2408.11869",
        summary: "A mixture of LoRAs in six layers; a router assigns LoRAs, a gate defers.",
        presets: [
            "default": { try .default(blocks: $0.blocks, part: ELDERConfig.part(for: $0)) },
            "paper": { try .paper(blocks: $0.blocks, part: ELDERConfig.part(for: $0)) },
        ])
}

extension ELDERConfig {
    /// The map that the paper edits in a model of this family.
    static func part(for model: ModelConfiguration) -> Part {
        model.family == .gpt2 ? .expansion : .contraction
    }
}
