extension MethodEntry {
    static let lifelong = MethodEntry(
        Lifelong.self, name: "lifelong", title: "Lifelong", paper: "Errata, LifelongAtScale.md",
        summary:
            "A tiny frozen expert for every fact, found by its subject and the unedited answer.",
        presets: ["default": { .default(for: $0) }])
}
