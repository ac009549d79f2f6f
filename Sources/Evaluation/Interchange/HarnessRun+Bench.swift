import Edits

/// A stream of edits in the harness's terms: a model for each method, a task for each kind of probe.
extension HarnessRun {
    /// What the model that `method` made of the base model answered.
    init(_ method: String, outcomes: [ProbeOutcome], manifest: Manifest) {
        let data = manifest.data.first?.name ?? ""
        let byKind = Dictionary(grouping: outcomes, by: \.probe.kind)
        self.init(
            model: "\(manifest.model)_\(method)",
            tasks: Probe.Kind.allCases.map { kind in
                let samples = Self.samples(of: byKind[kind] ?? [])
                return HarnessTask(
                    name: "errata_\(kind.task)", alias: kind.task.replacing("_", with: " "),
                    source: data, documents: Set(samples.map(\.document)).count,
                    lowerIsBetter: kind.isCovered ? [] : [.inScope], samples: samples)
            }, manifest: manifest)
    }

    /// Probes are documents in the order in which they were first asked.
    private static func samples(of outcomes: [ProbeOutcome]) -> [HarnessSample] {
        var places: [Probe: Int] = [:]
        return outcomes.map { outcome in
            let place = places[outcome.probe] ?? places.count
            places[outcome.probe] = place
            return HarnessSample(outcome, document: place)
        }
    }
}

extension HarnessSample {
    fileprivate init(_ outcome: ProbeOutcome, document: Int) {
        let probe = outcome.probe
        self.init(
            document: document, prompt: probe.prompt, target: probe.target ?? "",
            details: [
                ("edit", .text(probe.edit)), ("index", .integer(probe.index)),
                ("number", .integer(probe.number)),
                ("former_answer", PythonJSON(probe.formerAnswer) { .text($0) }),
            ],
            answer: outcome.generated ?? "",
            filter: outcome.moment == .atEnd ? Self.atEnd : Self.afterEdit,
            values: outcome.values.compactMapValues(\.self))
    }
}

extension ProbeOutcome {
    /// What counts for a probe of its kind, as in `Summary`.
    fileprivate var values: [HarnessMetric: Double?] {
        func number(_ claim: Bool?) -> Double? { claim.map { $0 ? 1 : 0 } }
        let inScope = number(trace.map { $0.decision == .edited })
        guard probe.kind.isCovered else {
            return [
                .agreement: number(agrees), .bitEqual: number(isBitEqual), .inScope: inScope,
            ]
        }
        return [
            .allTokens: number(allTokens), .tokenAccuracy: tokenAccuracy,
            .generated: number(generatedMatches), .preference: number(prefersTarget),
            .inScope: inScope,
        ]
    }
}

extension Probe.Kind {
    /// What the answers to such probes are evidence of.
    fileprivate var task: String {
        switch self {
        case .edit: "reliability"
        case .taughtRephrase: "taught_rephrases"
        case .rephrase: "generalization"
        case .neighbour: "neighbours"
        case .unrelated: "unrelated"
        }
    }
}
