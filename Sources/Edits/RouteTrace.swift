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
    /// The prompt's route code in hexadecimal, where the method has routes.
    public var code: String?
    /// What the distance was measured on; absent where nothing decides.
    public var gate: ELDERConfig.Gate?

    /// The trace of a model without edits.
    public static let unedited = RouteTrace()

    private init() { decision = .deferred }

    /// The trace of a decided `scope`; `nearestEdit` names the edit behind its match.
    public init(
        _ scope: Scope, nearestEdit: String?, threshold: Double, code: RouteCode?,
        gate: ELDERConfig.Gate
    ) {
        decision = scope.isEdited ? .edited : .deferred
        self.nearestEdit = nearestEdit
        distance = scope.match?.distance
        self.threshold = threshold
        self.code = code?.hex
        self.gate = gate
    }
}
