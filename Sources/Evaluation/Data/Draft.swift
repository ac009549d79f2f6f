package import Edits

/// An edit as one of the foreign formats tells it, before it is known to be usable.
struct Draft {
    var id: String
    var prompt: String
    var target: String
    var rephrases: [String] = []
    var subject: String?
    var relation: String?
    var locality: [LocalityProbe] = []
    /// The answers that are true without the edit; the first is the one it replaces.
    var knownAnswers: [String] = []
    /// What names the fact where the format has no relation.
    var standIn: String?

    /// Reads `fields` as one record of `format`.
    ///
    /// - Throws: `EvaluationError` with a clause that names the missing key.
    init(_ fields: Fields, format: DatasetFormat, target: ZsRETarget) throws {
        switch format {
        case .zsREMend: self = try .zsREMend(fields, target: target)
        case .knowEdit: self = try .knowEdit(fields)
        case .zsREAnnotated: self = try .zsREAnnotated(fields)
        case .counterFact: self = try .counterFact(fields)
        case .counterFactFlat: self = try .counterFactFlat(fields)
        case .questionAnswer: self = try .questionAnswer(fields)
        case .errata: preconditionFailure("Errata's own records are read by EditRecord")
        }
    }

    private init(_ id: String, prompt: String, target: String) {
        self.id = id
        self.prompt = prompt
        self.target = target
    }

    /// Why the record cannot be an edit; nothing where it can.
    var reasonToSkip: String? {
        if prompt.isEmpty { return "its prompt is blank" }
        if target.isEmpty { return "its target is blank" }
        return nil
    }

    /// Names the fact, so that two wordings of one fact are counted once.
    var fact: String {
        guard let subject, let relation = relation ?? standIn else { return prompt }
        return "\(subject) · \(relation)"
    }

    /// The edit.
    func record() throws -> EditRecord {
        let former = knownAnswers.first.flatMap { $0 == target ? nil : $0 }
        return try EditRecord(
            id: id, prompt: prompt, target: target, rephrases: rephrases, subject: subject,
            relation: relation, locality: locality.filter { !$0.prompt.isEmpty },
            formerAnswer: former)
    }
}

// MARK: - One reader for each format

extension Draft {
    /// The prefix that MEND puts before the natural questions beside its edits.
    private static let questionPrefix = "nq question: "

    private static func withoutPrefix(_ prompt: String) -> String {
        prompt.hasPrefix(questionPrefix) ? String(prompt.dropFirst(questionPrefix.count)) : prompt
    }

    /// The name of a record without one, where others of its format have theirs.
    private static func numbered(_ kind: String, _ fields: Fields, _ prompt: String) -> String {
        "\(kind)-\(fields.number)-\(EditRecord.digits(of: prompt))"
    }

    private static func counterFactName(_ fields: Fields, _ prompt: String) -> String {
        fields.optionalText("case_id").map { "counterfact-\($0)" }
            ?? numbered("counterfact", fields, prompt)
    }

    /// MEND gives no relation: one subject with one true answer counts as one fact.
    private static func zsREMend(_ fields: Fields, target: ZsRETarget) throws -> Draft {
        let answers = fields.texts("answers")
        var draft = Draft(
            "zsre-\(fields.number)", prompt: try fields.text("src"),
            target: target == .alternative ? try fields.text("alt") : answers.first ?? "")
        draft.rephrases = fields.texts("rephrase")
        draft.subject = fields.optionalText("subject")
        draft.standIn = answers.first
        draft.knownAnswers = target == .alternative ? answers : []
        if let prompt = fields.optionalText("loc") {
            draft.locality = [
                LocalityProbe(
                    prompt: withoutPrefix(prompt), answer: fields.optionalText("loc_ans"),
                    kind: .unrelated)
            ]
        }
        return draft
    }

    private static func knowEdit(_ fields: Fields) throws -> Draft {
        var draft = Draft(
            "knowedit-\(fields.number)", prompt: try fields.text("prompt"),
            target: try fields.text("target_new"))
        draft.rephrases = fields.texts("rephrase_prompt") + fields.texts("rephrase")
        draft.subject = fields.optionalText("subject")
        draft.knownAnswers = fields.texts("ground_truth")
        guard let groups = try? fields.child("locality") else { return draft }
        for group in groups.object.keys.sorted() {
            // Relation_Specificity and Forgetfulness ask about the edited subject.
            let isNear = group.contains("Specificity") || group.contains("Forgetfulness")
            draft.locality += groups.children(group).compactMap { probe in
                probe.optionalText("prompt").map {
                    LocalityProbe(
                        prompt: withoutPrefix($0), answer: probe.optionalText("ground_truth"),
                        kind: isNear ? .neighbour : .unrelated)
                }
            }
        }
        return draft
    }

    private static func zsREAnnotated(_ fields: Fields) throws -> Draft {
        let outputs = fields.children("output")
        guard let output = outputs.first else {
            throw EvaluationError("`output[0].answer` is missing")
        }
        let prompt = try fields.text("input")
        var draft = Draft(
            fields.optionalText("id") ?? numbered("zsre", fields, prompt),
            prompt: prompt, target: try output.text("answer"))
        draft.rephrases = fields.texts("filtered_rephrases")
        return draft
    }

    private static func counterFact(_ fields: Fields) throws -> Draft {
        let rewrite = try fields.child("requested_rewrite")
        let subject = try rewrite.text("subject")
        let template = try rewrite.text("prompt")
        let former = try rewrite.child("target_true").text("str")
        let prompt = template.replacing("{}", with: subject)
        var draft = Draft(
            counterFactName(fields, prompt), prompt: prompt,
            target: try rewrite.child("target_new").text("str"))
        draft.rephrases = fields.texts("paraphrase_prompts")
        draft.subject = subject
        draft.relation = rewrite.optionalText("relation_id")
        draft.knownAnswers = former.isEmpty ? [] : [former]
        draft.locality = fields.texts("neighborhood_prompts").map {
            LocalityProbe(prompt: $0, answer: former, kind: .neighbour)
        }
        return draft
    }

    private static func counterFactFlat(_ fields: Fields) throws -> Draft {
        let prompt = try fields.text("prompt")
        var draft = Draft(
            counterFactName(fields, prompt), prompt: prompt,
            target: try fields.text("target_new"))
        draft.rephrases = fields.texts("rephrase_prompt")
        draft.subject = fields.optionalText("subject")
        draft.knownAnswers = fields.texts("ground_truth")
        if let prompt = fields.optionalText("locality_prompt") {
            draft.locality = [
                LocalityProbe(
                    prompt: prompt, answer: fields.optionalText("locality_ground_truth"),
                    kind: .neighbour)
            ]
        }
        return draft
    }

    private static func questionAnswer(_ fields: Fields) throws -> Draft {
        var draft = Draft(
            "qa-\(fields.number)", prompt: try fields.text("prompt"),
            target: try fields.text("target"))
        draft.rephrases = fields.texts("rephrase")
        draft.subject = fields.optionalText("subject")
        draft.locality = fields.children("locality").compactMap { probe in
            probe.optionalText("loc").map {
                LocalityProbe(
                    prompt: withoutPrefix($0), answer: probe.optionalText("loc_ans"),
                    kind: .unrelated)
            }
        }
        return draft
    }
}

extension Dataset {
    /// The edits for a log that lasts, where an edit replaces what bears its name: a name that is
    /// nothing but the place in this file gets digits that follow from the question.
    package var lastingRecords: [EditRecord] {
        switch report.format {
        case .zsREMend, .knowEdit, .questionAnswer:
            records.map { record in
                var record = record
                record.id += "-\(EditRecord.digits(of: record.prompt))"
                return record
            }
        case .zsREAnnotated, .counterFact, .counterFactFlat, .errata: records
        }
    }
}
