extension MethodEntry {
    static let grace = MethodEntry(
        GRACE.self, name: "grace", title: "GRACE",
        paper: "Hartvigsen et al., 2023, arXiv 2211.11031",
        summary: "A codebook at one linear map: near a stored key the output is a learned value.",
        presets: ["default": { .default(for: $0) }, "paper": { .paper(for: $0) }])
}
