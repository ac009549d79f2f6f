extension MethodEntry {
    static let moe = MethodEntry(
        MoE.self, name: "moe", title: "MoE adaptor",
        paper: "Wang and Li, 2024, arXiv 2406.20030, section 3, after MEMoE (arXiv 2405.19086)",
        summary: "Experts beside one MLP, with a router for every token, all trained on and on.",
        presets: ["paper": { .paper(for: $0) }])
}
