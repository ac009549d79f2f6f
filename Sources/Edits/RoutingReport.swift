/// Where the edits of a method with one expert a batch are routed, as shares of all edits.
public struct RoutingReport: Codable, Sendable, Equatable {
    /// To the expert of their own batch.
    public var ownExpert: Double
    /// To the newest expert.
    public var newestExpert: Double
    /// Elsewhere than right after their own batch was learned.
    public var moved: Double
    /// How alike the edits of one batch are: the mean cosine of pairs, centred; absent where nothing
    /// says.
    public var similarityWithin: Double?
    /// The same of edits of two batches.
    public var similarityBetween: Double?

    public init(ownExpert: Double, newestExpert: Double, moved: Double) {
        self.ownExpert = ownExpert
        self.newestExpert = newestExpert
        self.moved = moved
    }
}
