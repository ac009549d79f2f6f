import Edits
import LanguageModels

extension ELDER: ConfigurableMethod {}

extension MethodEntry {
    static let elder = MethodEntry(
        ELDER.self, name: "elder", title: "ELDER", paper: "Li et al., 2024, arXiv 2408.11869",
        summary: "A mixture of LoRAs in six layers; a router assigns LoRAs, a gate defers.",
        presets: [
            "default": { try .default(blocks: $0.blocks, part: ELDERConfig.part(for: $0)) },
            "paper": { try .paper(for: $0) { _ in } },
            "no-guide": { try .paper(for: $0) { $0.guidance = .off } },
            "balancing": { try .paper(for: $0) { $0.guidance = .loadBalancing } },
            "forced": { try .paper(for: $0) { $0.trainingRouting = .allocation } },
            "per-layer-query": { try .paper(for: $0) { $0.query = .perLayer } },
            "renormalised": { try .paper(for: $0) { $0.renormalisesScores = true } },
        ])
}

extension ELDERConfig {
    /// The paper's recipe with one switch turned: its ablations (Table 4, and what paper and code
    /// leave open).
    fileprivate static func paper(
        for model: ModelConfiguration, turning switches: (inout ELDERConfig) -> Void
    ) throws -> ELDERConfig {
        var config = try paper(blocks: model.blocks, part: part(for: model))
        switches(&config)
        try config.validate()
        return config
    }

    /// The map that the paper edits in a model of this family.
    static func part(for model: ModelConfiguration) -> Part {
        model.family == .gpt2 ? .expansion : .contraction
    }
}
