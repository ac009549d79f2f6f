/// The shapes in which people publish edits (one JSON list, or one JSON object a line).
package enum DatasetFormat: String, Codable, Sendable, CaseIterable {
    /// zsRE as MEND and EasyEdit have it: `src`, `alt`, `answers`, `rephrase`, `loc`, `loc_ans`.
    case zsREMend = "zsre-mend"
    /// zsRE as KnowEdit has it: `prompt`, `target_new`, `locality` as an object of lists.
    case knowEdit = "knowedit"
    /// zsRE as annotated, JSON lines: `input`, `output[0].answer`, `filtered_rephrases`.
    case zsREAnnotated = "zsre-annotated"
    /// CounterFact as published: `requested_rewrite` with `{}` for the subject.
    case counterFact = "counterfact"
    /// CounterFact as EasyEdit flattened it: `prompt`, `target_new`, `locality_prompt`.
    case counterFactFlat = "counterfact-flat"
    /// Question and answer edits: `prompt`, `target`, `rephrase`, `locality[].loc`.
    case questionAnswer = "qa"
    /// Errata's own JSON lines; see `EditRecord`.
    case errata

    /// The format with this name.
    ///
    /// - Throws: `EvaluationError` with the names that exist.
    package init(name: String) throws {
        guard let format = Self(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw EvaluationError("The data format “\(name)” is unknown; expected one of \(names).")
        }
        self = format
    }

    /// The format whose tell-tale keys are among `keys`, those of a file's first record.
    static func detect(keys: Set<String>, isList: Bool) -> DatasetFormat? {
        if keys.isSuperset(of: ["src", "alt"]) || keys.isSuperset(of: ["src", "answers"]) {
            return .zsREMend
        }
        if keys.contains("requested_rewrite") { return .counterFact }
        if keys.isSuperset(of: ["input", "output"]) { return .zsREAnnotated }
        if keys.contains("locality_prompt") && keys.contains("target_new") {
            return .counterFactFlat
        }
        if keys.isSuperset(of: ["prompt", "target_new"]) { return .knowEdit }
        if keys.contains("prompt") || keys.contains("target") {
            return isList ? .questionAnswer : .errata
        }
        return nil
    }
}

/// Which answer a zsRE edit teaches.
package enum ZsRETarget: String, Codable, Sendable, CaseIterable {
    /// The counterfactual `alt`: the base model cannot know it already.
    case alternative = "alt"
    /// The true `answers[0]`, as ROME's reader and MELO have it.
    case answers
}
