extension MethodEntry {
    static let deferral = MethodEntry(
        Defer.self, name: "defer", title: "Defer",
        paper: "Hartvigsen et al., 2023, arXiv 2211.11031, after SERAC, arXiv 2206.06520",
        summary: "A trained gate and a trained predictor at one linear map; no edit is stored.",
        presets: ["default": { .default(for: $0) }, "paper": { .paper(for: $0) }])
}
