import Foundation

/// One correction: what is asked, what shall be answered, and what is known about it.
///
/// In an Errata file it is one JSON object on a line of its own. `prompt` and `target` are
/// required, everything else may be left out, and any other key is refused:
///
///     {"id": "tower-1", "prompt": "The Orm Tower stands in", "target": "Velden",
///      "rephrases": ["Where is the Orm Tower? It is in"],
///      "subject": "Orm Tower", "relation": "location", "formerAnswer": "Karst",
///      "locality": [{"prompt": "The Old Mill stands in", "answer": "Karst", "kind": "neighbour"}],
///      "source": "https://example.org/orm", "author": "ada", "reason": "moved in 2024",
///      "tags": ["places"],
///      "validFrom": "2024-05-01", "validUntil": "2031-01-01"}
///
/// Dates are ISO 8601, a day or an instant with its zone. Text around a target is trimmed: the
/// space between prompt and target belongs to the tokeniser.
public struct EditRecord: Sendable, Equatable, Identifiable {
    /// Names the edit in the log and in answers.
    public var id: String
    /// What is asked: a question, or the beginning of a sentence that the target ends.
    public var prompt: String
    /// What shall be answered from now on.
    public var target: String
    /// The same question in other words.
    public var rephrases: [String]
    /// What the fact is about.
    public var subject: String?
    /// Which property of the subject it states.
    public var relation: String?
    /// Prompts whose answers must stay as they are.
    public var locality: [LocalityProbe]
    /// The answer that the edit replaces.
    public var formerAnswer: String?
    /// Where the correction comes from.
    public var source: String?
    /// Who made it.
    public var author: String?
    /// Why it was made.
    public var reason: String?
    /// Words to find it by.
    public var tags: [String]
    /// When it begins to hold.
    public var validFrom: String?
    /// When it ceases to hold.
    public var validUntil: String?
    /// The question as the checkpoint's chat template writes it, to the letter; filled in when the
    /// edit is applied to a model that was taught to chat.
    public var chatPrompt: String?

    /// A correction of the answer to `prompt`.
    ///
    /// - Throws: `EditError` where prompt or target is blank or a date is not ISO 8601.
    public init(
        id: String, prompt: String, target: String, rephrases: [String] = [],
        subject: String? = nil, relation: String? = nil, locality: [LocalityProbe] = [],
        formerAnswer: String? = nil, source: String? = nil, author: String? = nil,
        reason: String? = nil, tags: [String] = [], validFrom: String? = nil,
        validUntil: String? = nil, chatPrompt: String? = nil
    ) throws {
        self.id = id
        self.prompt = prompt.trimmed
        self.target = target.trimmed
        self.rephrases = rephrases.map(\.trimmed).filter { !$0.isEmpty }
        self.subject = subject?.trimmed
        self.relation = relation?.trimmed
        self.locality = locality
        self.formerAnswer = formerAnswer?.trimmed
        self.source = source
        self.author = author
        self.reason = reason
        self.tags = tags
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.chatPrompt = chatPrompt
        try validate()
    }

    /// Every wording that is taught: the prompt, the same in other words, and as a chat.
    public var wordings: [String] { [prompt] + rephrases + [chatPrompt].compactMap(\.self) }

    /// Names the fact: subject and relation where both are known, the prompt elsewhere. Two edits
    /// with one key and different targets contradict each other.
    public var factKey: String {
        if let subject, let relation { "\(subject) · \(relation)" } else { prompt }
    }

    private func validate() throws {
        if prompt.isEmpty { throw EditError("`prompt` is blank; write the question asked") }
        if target.isEmpty { throw EditError("`target` is blank; write the answer to learn") }
        for (key, date) in [("validFrom", validFrom), ("validUntil", validUntil)] {
            guard let date, !isISO8601(date) else { continue }
            throw EditError(
                "`\(key)` should be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, "
                    + "not “\(date)”")
        }
    }
}

/// A prompt beside an edit whose answer the edit must leave alone.
public struct LocalityProbe: Codable, Sendable, Equatable {
    /// How near the prompt is to the edit.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The same relation of another subject.
        case neighbour
        /// Something else altogether.
        case unrelated
    }

    /// What is asked.
    public var prompt: String
    /// The right answer, where the data set gives one.
    public var answer: String?
    /// How near the prompt is to the edit.
    public var kind: Kind

    /// A probe that asks `prompt`.
    public init(prompt: String, answer: String? = nil, kind: Kind) {
        self.prompt = prompt.trimmed
        self.answer = answer?.trimmed
        self.kind = kind
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case prompt, answer, kind }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "locality key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            prompt: try values.decode(String.self, forKey: .prompt),
            answer: try values.decodeIfPresent(String.self, forKey: .answer),
            kind: try values.decodeIfPresent(Kind.self, forKey: .kind) ?? .unrelated)
        if prompt.isEmpty { throw EditError("a `locality` prompt is blank") }
    }
}

extension EditRecord: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, prompt, target, rephrases, subject, relation, locality, formerAnswer, source
        case author, reason, tags, validFrom, validUntil, chatPrompt
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "edit key")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? {
            try values.decodeIfPresent(String.self, forKey: key)
        }
        try self.init(
            id: text(.id) ?? "",
            prompt: values.decode(String.self, forKey: .prompt),
            target: values.decode(String.self, forKey: .target),
            rephrases: values.decodeIfPresent([String].self, forKey: .rephrases) ?? [],
            subject: text(.subject), relation: text(.relation),
            locality: values.decodeIfPresent([LocalityProbe].self, forKey: .locality) ?? [],
            formerAnswer: text(.formerAnswer), source: text(.source), author: text(.author),
            reason: text(.reason), tags: values.decodeIfPresent([String].self, forKey: .tags) ?? [],
            validFrom: text(.validFrom), validUntil: text(.validUntil),
            chatPrompt: text(.chatPrompt))
    }
}
