/// A correction that does not go together with one that holds already, or with the calendar.
public struct Conflict: Codable, Sendable, Equatable {
    /// How the two meet.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The same answer to questions that are all taught already.
        case duplicate
        /// The same question, or the same subject and relation, and another answer.
        case contradiction
        /// Nearly the same question in words and meaning, and another answer.
        case near
        /// The same identifier.
        case identifier
        /// `validUntil` has passed.
        case expired
        /// `validFrom` has not come yet.
        case early
    }

    public let kind: Kind
    /// The identifier of the correction that came.
    public let edit: String
    /// The event of the edit it meets; absent where it meets the calendar.
    public let earlier: Int?
    /// One clause for people: what says what.
    public let description: String

    public init(kind: Kind, edit: String, earlier: Int?, description: String) {
        self.kind = kind
        self.edit = edit
        self.earlier = earlier
        self.description = description
    }
}
