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

    /// As the log says.
    public init() {}

    /// Without probes, without a look at conflicts: for measurements of a method alone.
    public static var unchecked: ApplyOptions {
        var options = ApplyOptions()
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
