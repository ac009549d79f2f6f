import LanguageModels

extension Retrieval: ConfigurableMethod {}

extension MethodEntry {
    static let retrieval = MethodEntry(
        Retrieval.self, name: "retrieval", title: "Retrieval",
        paper: "in the manner of Zheng et al., 2023, arXiv 2305.12740",
        summary: "The stored edit that a prompt is about is read before it; nothing is trained.",
        presets: ["default": { try .default(for: $0) }])
}
