extension MethodEntry {
    static let rome = MethodEntry(
        ROME.self, name: "rome", title: "ROME",
        paper: "Meng et al., 2022, arXiv 2202.05262",
        summary: "Writes each fact into one matrix with a change of rank one; needs subjects, and "
            + "takes the identity for the covariance of keys unless `covariance` names a text.",
        presets: [
            "paper": { .paper(.mixed, for: $0) }, "narrow": { .narrow(.mixed, for: $0) },
        ])

    static let rebuiltROME = MethodEntry(
        ROME.self, name: "r-rome", title: "R-ROME",
        paper: "Gupta et al., 2024, arXiv 2403.07175",
        summary: "ROME with one key in both places of the write, which lasts longer in sequence; "
            + "takes the identity for the covariance of keys unless `covariance` names a text.",
        presets: [
            "default": { .paper(.averaged, for: $0) },
            "clean": { .paper(.clean, for: $0) },
            "narrow": { .narrow(.averaged, for: $0) },
        ])
}
