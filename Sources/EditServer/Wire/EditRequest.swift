import Edits
import Errata

/// The body of POST /v1/edits: corrections that land together or not at all.
struct EditRequest: Decodable, Sendable {
    let edits: [EditRecord]
    /// Why.
    let reason: String?
    /// What happens to contradictions; absent for what the log says.
    let conflicts: ConflictPolicy?
    /// Whether they go live although probes fail.
    let isForced: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case edits, reason, conflicts
        case isForced = "force"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(
            known: CodingKeys.allCases.map(\.rawValue), what: "key of an edit request")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        edits = try values.decode([EditRecord].self, forKey: .edits).map { $0.named }
        reason = try values.decodeIfPresent(String.self, forKey: .reason)
        conflicts = try values.decodeIfPresent(ConflictPolicy.self, forKey: .conflicts)
        isForced = try values.decodeIfPresent(Bool.self, forKey: .isForced) ?? false
        guard !edits.isEmpty else {
            throw APIError.wrong("edits", "expected at least one edit, got none.")
        }
        // It is taught, and whoever approves would not look for another question in it.
        guard edits.allSatisfy({ $0.chatPrompt == nil }) else {
            throw APIError.wrong(
                "edits",
                "expected edits without `chatPrompt`, which the server writes by itself, got one with "
                    + "it; leave it out.")
        }
    }

    /// How they are applied, for somebody.
    func options(author: String?, key: String?) -> ApplyOptions {
        var options = ApplyOptions()
        options.author = author
        options.reason = reason
        options.idempotencyKey = key
        options.conflicts = conflicts
        options.isForced = isForced
        return options
    }
}

extension EditRecord {
    /// The same under a name that people recognise, where it has none: `the-ceo-of-aranth-works-is`.
    fileprivate var named: EditRecord {
        guard id.isEmpty else { return self }
        var record = self
        record.id = Self.identifier(for: prompt)
        return record
    }
}

/// What something is taken back or turned down with: a reason, perhaps.
struct ReasonRequest: Decodable, Sendable {
    var reason: String?
}

/// What a proposal is approved with: what whoever sends edits decides about them.
struct ApprovalRequest: Decodable, Sendable {
    var reason: String?
    var conflicts: ConflictPolicy?
    var force: Bool?

    func options(author: String?) -> ApplyOptions {
        var options = ApplyOptions()
        options.author = author
        options.reason = reason
        options.conflicts = conflicts
        options.isForced = force ?? false
        return options
    }
}
