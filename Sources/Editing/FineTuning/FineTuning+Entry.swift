extension MethodEntry {
    static let constrainedFineTuning = MethodEntry(
        FineTuning.self, name: "ft-l", title: "FT-L",
        paper: "Zhu et al., 2020, arXiv 2012.00363; as released with ROME, arXiv 2202.05262",
        summary: "Fine-tunes one contraction within a box, its loss read from one distribution.",
        presets: [
            "paper": { .paper(.lastPromptToken, for: $0) },
            "rome-layer": { .romeLayer(.lastPromptToken, for: $0) },
            "unboxed": { .unboxed(.lastPromptToken, for: $0) },
        ])

    static let maskedFineTuning = MethodEntry(
        FineTuning.self, name: "ft-m", title: "FT-M",
        paper: "Zhang et al., 2024, arXiv 2401.01286",
        summary: "Fine-tunes one contraction within a box on the target tokens, teacher-forced.",
        presets: [
            "paper": { .paper(.teacherForced, for: $0) },
            "rome-layer": { .romeLayer(.teacherForced, for: $0) },
            "unboxed": { .unboxed(.teacherForced, for: $0) },
            "joint": { .joint(for: $0) },
        ])
}
