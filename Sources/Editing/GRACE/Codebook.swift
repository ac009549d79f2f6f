import Edits
import Torch

// Sizes: N entries, in and out widths of the map.

/// What GRACE remembers: keys, the values that stand for them, and how far each key reaches.
///
/// An answer goes through the nearest key alone, and only within its radius. Nothing is merged and
/// nothing removed; balls may overlap, and a later key may take over what an earlier one covered.
struct Codebook {
    /// What of an entry is not a tensor.
    struct Entry: Codable, Equatable {
        /// The edit that made it.
        var editID: String
        /// Its label ids, −100 over the prompt.
        var label: [Int]
        var radius: Double
    }

    /// The rules by which entries grow (see ``GRACEConfig``).
    struct Rules {
        var radius = 1.0
        var expansion = GRACEConfig.Expansion.coverage
        var comparison = GRACEConfig.LabelComparison.exact
        var replacesSameKey = false
    }

    private(set) var entries: [Entry] = []
    /// float32 [N, in]; nil while there are none.
    private(set) var keys: Tensor?
    /// N of them, float32 [out].
    var values: [Tensor] = []

    init() {}

    init(entries: [Entry], keys: Tensor?, values: [Tensor]) {
        self.entries = entries
        self.keys = keys
        self.values = values
    }

    /// Makes room for an edit, and tells whose value shall be trained for it.
    ///
    /// - Parameters:
    ///   - key: the edit's key, float32 [in].
    ///   - value: what a new value starts from, float32 [out].
    mutating func admit(
        key: Tensor, value: Tensor, label: [Int], editID: String, rules: Rules
    ) throws -> Int {
        let new = Entry(editID: editID, label: label, radius: rules.radius)
        guard let near = try nearest(to: key),
            near.distance <= rules.radius + entries[near.index].radius
        else { return try insert(new, key: key, value: value) }
        guard rules.comparison.isSame(label, entries[near.index].label) else {
            if rules.replacesSameKey && near.distance <= Self.sameKey {
                (entries[near.index].editID, entries[near.index].label) = (editID, label)
                values[near.index] = value
                return near.index
            }
            return try split(near, from: new, key: key, value: value)
        }
        if near.distance > entries[near.index].radius {
            try expand(near, to: key, by: rules.expansion)
        }
        return near.index
    }

    /// The nearest key, of equally near ones the latest; nil where there are none.
    func nearest(to query: Tensor) throws -> Match? {
        guard let keys else { return nil }
        let distances = try (keys - query).pow(2).sum(dim: 1).sqrt().floats()  // [N]
        let least = distances.min()!
        return Match(index: distances.lastIndex(of: least)!, distance: Double(least))
    }

    /// Whether the nearest entry reaches each query of [B, in], with 1 for the edge of its radius.
    func scopes(_ queries: Tensor) throws -> [Scope] {
        try (0..<queries.size(0)).map { row in
            guard let near = try nearest(to: queries.at(dim: 0, index: row)) else {
                return .deferred(nil)
            }
            let radius = entries[near.index].radius
            let share = Match(index: near.index, distance: near.distance / max(radius, 1e-9))
            return near.distance <= radius ? .edited(share) : .deferred(share)
        }
    }

    private mutating func insert(_ entry: Entry, key: Tensor, value: Tensor) throws -> Int {
        let row = try key.unsqueezed(0).copy()
        keys = try keys.map { try Tensor.concatenated([$0, row], dim: 0) } ?? row
        entries.append(entry)
        values.append(value)
        return entries.count - 1
    }

    /// Halves the distance between two that disagree; a radius that was cut before may grow.
    private mutating func split(
        _ near: Match, from new: Entry, key: Tensor, value: Tensor
    ) throws -> Int {
        entries[near.index].radius = near.distance / 2 - Self.gap
        var new = new
        new.radius = near.distance / 2
        return try insert(new, key: key, value: value)
    }

    private mutating func expand(
        _ near: Match, to key: Tensor, by rule: GRACEConfig.Expansion
    ) throws {
        entries[near.index].radius = near.distance
        guard rule == .movingAverage, let old = keys else { return }
        let moved = try old.copy()
        let row = try moved.at(dim: 0, index: near.index)
        try row.copy(from: (row + key) / 2)
        keys = moved
    }

    /// What a split leaves free between two radii.
    private static let gap = 1e-5
    /// Keys of one prompt may be this far apart, for the company it runs in moves last bits.
    private static let sameKey = 1e-3
}

extension GRACEConfig.LabelComparison {
    /// Whether two rows of label ids, −100 over their prompts, stand for one answer.
    func isSame(_ one: [Int], _ other: [Int]) -> Bool {
        switch self {
        case .exact: one.filter { $0 >= 0 } == other.filter { $0 >= 0 }
        // Equal means without dividing.
        case .mean: one.reduce(0, +) * other.count == other.reduce(0, +) * one.count
        }
    }
}
