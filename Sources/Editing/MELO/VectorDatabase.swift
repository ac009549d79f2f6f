import Edits
import Torch

// Sizes: C clusters, d width of the keys.

/// Where MELO looks up which block of its bank a prompt goes through.
///
/// Keys of one answer that lie near each other share a cluster; a query goes to the nearest centre,
/// and within its radius to the nearest point, whose block it gets.
struct VectorDatabase {
    /// One taught row.
    struct Point {
        let key: Tensor  // [d]
        /// nil: no LoRA, for what stands in where a split has left no point.
        let block: Int?
        let editID: String
    }

    struct Cluster {
        var center: Tensor  // [d]
        var radius: Double
        /// Target ids.
        var label: [Int]
        var points: [Point]
    }

    /// A row to be stored.
    struct Row {
        let key: Tensor  // [d]
        let label: [Int]
        let editID: String
    }

    /// What a query finds.
    struct Hit {
        /// 1 at the edge of the cluster's radius.
        let scope: Scope
        /// nil: no LoRA.
        let block: Int?
        let editID: String?
    }

    /// The rules by which clusters grow (see ``MELOConfig``).
    struct Rules {
        var radius: Double
        var comparison = MELOConfig.LabelComparison.exact
        var replacesSameKey = false
    }

    var clusters: [Cluster] = []

    /// Stores the rows of one batch, which all go through `block`.
    ///
    /// As released, distances are those to the clusters there were before the batch, so rows of
    /// one batch never meet each other.
    mutating func insert(_ rows: [Row], block: Int, rules: Rules) throws {
        let nearest = try rows.map { try self.nearest(to: $0.key) }
        for (row, near) in zip(rows, nearest) {
            try insert(row, near: near, block: block, rules: rules)
        }
    }

    private mutating func insert(
        _ row: Row, near: Match?, block: Int, rules: Rules
    ) throws {
        let point = Point(key: row.key, block: block, editID: row.editID)
        let new = Cluster(
            center: row.key, radius: rules.radius, label: row.label, points: [point])
        guard let near, near.distance <= clusters[near.index].radius + rules.radius else {
            return clusters.append(new)
        }
        if rules.comparison.isSame(row.label, clusters[near.index].label) {
            return try append(point, to: near.index, atLeast: rules.radius)
        }
        if rules.replacesSameKey && near.distance <= Self.sameKey {
            return clusters[near.index] = new
        }
        try split(near, from: new)
    }

    /// The cluster follows its points; old ones may fall out of its radius without notice.
    private mutating func append(_ point: Point, to index: Int, atLeast radius: Double) throws {
        clusters[index].points.append(point)
        let keys = clusters[index].points.map(\.key)
        let center = try Tensor.stacked(keys, dim: 0).mean(dim: 0)
        clusters[index].center = center
        clusters[index].radius = try max(radius, keys.map { try distance($0, center) }.max()!)
    }

    /// Halves the distance between two that disagree and forgets what the old one no longer covers.
    private mutating func split(_ near: Match, from new: Cluster) throws {
        var (old, new) = (clusters[near.index], new)
        old.radius = near.distance / 2 - Self.gap
        new.radius = near.distance / 2 + Self.gap
        let kept = try old.points.filter { try distance($0.key, old.center) <= old.radius }
        old.points =
            kept.isEmpty
            ? [Point(key: old.center, block: nil, editID: old.points[0].editID)] : kept
        clusters[near.index] = old
        clusters.append(new)
    }

    /// What each query of [B, d] finds.
    func hits(_ queries: Tensor) throws -> [Hit] {
        let centers = try centers()
        return try (0..<queries.size(0)).map { row in
            let query = try queries.at(dim: 0, index: row)
            guard let near = try nearest(to: query, among: centers) else {
                return Hit(scope: .deferred(nil), block: nil, editID: nil)
            }
            let cluster = clusters[near.index]
            let keys = try Tensor.stacked(cluster.points.map(\.key), dim: 0)
            let point = cluster.points[try nearest(to: query, among: keys)!.index]
            let share = Match(
                index: near.index, distance: near.distance / max(cluster.radius, 1e-9))
            let isCovered = near.distance <= cluster.radius && point.block != nil
            return Hit(
                scope: isCovered ? .edited(share) : .deferred(share),
                block: isCovered ? point.block : nil, editID: point.editID)
        }
    }

    private func nearest(to key: Tensor) throws -> Match? {
        try nearest(to: key, among: centers())
    }

    /// The nearest row of [C, d], of equally near ones the latest.
    private func nearest(to key: Tensor, among rows: Tensor?) throws -> Match? {
        guard let rows else { return nil }
        let distances = try (rows - key).pow(2).sum(dim: 1).sqrt().floats()
        let least = distances.min()!
        return Match(index: distances.lastIndex(of: least)!, distance: Double(least))
    }

    private func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
        try (a - b).pow(2).sum().sqrt().item()
    }

    /// float32 [C, d]; nil while there are none.
    func centers() throws -> Tensor? {
        clusters.isEmpty ? nil : try Tensor.stacked(clusters.map(\.center), dim: 0)
    }

    /// What a split leaves on either side of the middle.
    private static let gap = 1e-5
    /// Keys of one prompt may be this far apart, for the company it runs in moves last bits.
    private static let sameKey = 1e-3
}

extension MELOConfig.LabelComparison {
    /// Whether two rows of target ids stand for one answer.
    func isSame(_ one: [Int], _ other: [Int]) -> Bool {
        switch self {
        case .exact: one == other
        case .sum: one.reduce(0, +) == other.reduce(0, +)
        }
    }
}
