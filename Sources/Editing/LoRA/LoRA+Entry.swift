import LanguageModels

extension LoRA: ConfigurableMethod {}

extension MethodEntry {
    static let lora = MethodEntry(
        LoRA.self, name: "lora", title: "LoRA",
        paper: "Hu et al., 2021, arXiv 2106.09685; in sequence as in ELDER's Table 1",
        summary: "One LoRA a layer, trained on every batch in turn; no router, no gate.",
        presets: ["paper": { try .paper(for: $0) }])
}
