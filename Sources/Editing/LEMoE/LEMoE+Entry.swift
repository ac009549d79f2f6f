extension MethodEntry {
    static let lemoe = MethodEntry(
        LEMoE.self, name: "lemoe", title: "LEMoE", paper: "Wang and Li, 2024, arXiv 2406.20030",
        summary: "One expert a batch beside one MLP, found by a key; similar edits share a batch.",
        presets: ["default": { .default(for: $0) }, "paper": { .paper(for: $0) }])
}
