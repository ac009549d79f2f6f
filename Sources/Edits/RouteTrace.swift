/// Why an answer is what it is: which edit was nearest, how near, and what was decided.
public struct RouteTrace: Hashable, Codable, Sendable {
    /// What answered.
    public enum Decision: String, Codable, Sendable {
        /// The adapters took part.
        case edited
        /// The unedited model alone.
        case deferred
    }

    /// What answered.
    public var decision: Decision
    /// The edit whose stored item was nearest; absent where nothing was stored.
    public var nearestEdit: String?
    /// How far it was, in the gate's own measure.
    public var distance: Double?
    /// Distances strictly below this were in scope; absent where nothing decides.
    public var threshold: Double?
    /// What the prompt goes through, where the method has routes: a route code in hexadecimal.
    public var code: String?
    /// What the distance was measured on; absent where nothing decides.
    public var gate: Gate?

    /// Who answered; absent where the unedited model did.
    public var tier: Tier?
    /// The event of the log up to which edits were taken into account; absent without a log.
    public var version: Int?

    /// Who can answer with an edit.
    public enum Tier: String, Codable, Sendable, CaseIterable {
        /// What the method has learned.
        case adapters
        /// The log itself, for an edit that is accepted and not yet learned.
        case retrieval
    }

    /// What a distance was measured on.
    public enum Gate: String, Codable, Sendable, CaseIterable {
        /// Differing bits of route codes.
        case code
        /// Words and meaning against a stored prompt, or its meaning alone where the recipe says so; 0
        /// for the same prompt, 1 at the edge.
        case match
        /// The distance of the query to a stored key, over that key's radius; 1 at the edge.
        case radius
        /// One minus the score that a trained gate gives.
        case score
    }

    /// The trace of a model without edits.
    public static let unedited = RouteTrace(decision: .deferred)

    /// The trace of a method that changes what the model says to everything, without a gate.
    ///
    /// - Parameter route: what the prompt went through, where the method has routes.
    public static func always(nearestEdit: String? = nil, route: String? = nil) -> RouteTrace {
        var trace = RouteTrace(decision: .edited)
        trace.nearestEdit = nearestEdit
        trace.code = route
        return trace
    }

    private init(decision: Decision) { self.decision = decision }

    /// The trace of a decided `scope`; `nearestEdit` names the edit behind its match.
    public init(
        _ scope: Scope, nearestEdit: String?, threshold: Double, code: RouteCode? = nil,
        gate: Gate
    ) {
        decision = scope.isEdited ? .edited : .deferred
        self.nearestEdit = nearestEdit
        distance = scope.match?.distance
        self.threshold = threshold
        self.code = code?.hex
        self.gate = gate
    }
}
