/// Where the edits of a method with one expert a batch are routed, as shares of all edits.
public struct RoutingReport: Codable, Sendable, Equatable {
    /// To the expert of their own batch.
    public var ownExpert: Double
    /// To the newest expert.
    public var newestExpert: Double
    /// Elsewhere than right after their own batch was learned.
    public var moved: Double

    public init(ownExpert: Double, newestExpert: Double, moved: Double) {
        self.ownExpert = ownExpert
        self.newestExpert = newestExpert
        self.moved = moved
    }
}
