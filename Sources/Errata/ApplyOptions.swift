public import Edits

/// How edits are applied.
public struct ApplyOptions: Sendable, Equatable {
    /// Who corrects.
    public var author: String?
    /// Why.
    public var reason: String?
    /// What the sender calls this request: sent twice it is done once.
    public var idempotencyKey: String?
    /// The proposal that is approved with it.
    var proposal: Int?
    /// What the edits must pass; nil for what the log says.
    public var gate: GateConfiguration?
    /// What happens to contradictions; nil for what the log says.
    public var conflicts: ConflictPolicy?
    /// Whether the edits go live although probes fail; the log keeps that.
    public var isForced = false

    /// Whether each question is also taught as the checkpoint's chat template writes it, where there
    /// is one: a model that was taught to chat is asked that way.
    public var teachesChat = true

    /// As the log says.
    public init() {}

    /// The terms on which an accepted transaction goes live.
    init(_ terms: PublishingTerms?) {
        gate = terms?.gate
        isForced = terms?.isForced ?? false
    }

    /// What the log keeps of these options until the transaction is live; nil for its own terms.
    var terms: PublishingTerms? {
        guard gate != nil || isForced else { return nil }
        return PublishingTerms(gate: gate, isForced: isForced)
    }

    /// Without probes, without a look at conflicts, just the wordings given: for measurements of a
    /// method alone.
    public static var unchecked: ApplyOptions {
        var options = ApplyOptions()
        options.teachesChat = false
        options.gate = .off
        options.conflicts = .keepBoth
        return options
    }
}

/// Edits that did not pass their probes, or met others: none of them is live.
public struct RejectedEdits: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence: what was expected, what came, what to do.
    public let description: String
    /// What the probes found; absent where it did not come to them.
    public let report: GateReport?
    /// What the edits met.
    public let conflicts: [Conflict]
}
