/// The stored item nearest to a prompt.
public struct Match: Hashable, Codable, Sendable {
    /// Its place among the stored items.
    public var index: Int
    /// How far: ``RouteTrace/Gate`` has what each gate counts.
    public var distance: Double

    /// The item at `index`, `distance` away.
    public init(index: Int, distance: Double) {
        self.index = index
        self.distance = distance
    }
}

/// Whether an edit covers a prompt, with the nearest stored item either way.
public enum Scope: Hashable, Codable, Sendable {
    /// Some edit is near enough: the adapters answer.
    case edited(Match)
    /// None is, or nothing was stored: the unedited model answers, bit for bit.
    case deferred(Match?)

    /// In scope if and only if `match` is strictly nearer than `threshold` (ELDER Algorithm 1,
    /// line 8); nothing stored is out of scope.
    public init(_ match: Match?, threshold: Double) {
        if let match, match.distance < threshold {
            self = .edited(match)
        } else {
            self = .deferred(match)
        }
    }

    /// Whether the adapters answer.
    public var isEdited: Bool {
        if case .edited = self { true } else { false }
    }

    /// The nearest stored item, absent where nothing was stored.
    public var match: Match? {
        switch self {
        case .edited(let match): match
        case .deferred(let match): match
        }
    }
}
