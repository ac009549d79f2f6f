extension MethodEntry {
    static let melo = MethodEntry(
        MELO.self, name: "melo", title: "MELO", paper: "Yu et al., 2023, arXiv 2312.11795",
        summary: "A block of LoRA for each batch of edits, looked up in a database of clusters.",
        presets: ["default": { try .default(for: $0) }, "paper": { try .paper(for: $0) }])
}
