import Edits

// Sizes: T edits, d width of an embedding, K batches, n edits a batch.

/// Puts similar edits into one batch: the order planning of LEMoE (section 4.3).
///
/// A router that reads embeddings can only tell batches apart that differ there. K-means finds
/// groups of similar edits, and a second pass makes batches of exact size of them.
package struct OrderPlanner: Sendable {
    /// n; the last batch holds what is left.
    package var batchSize: Int
    package var order = Order.index
    package var restarts = 10
    package var iterations = 300
    /// Lloyd's iterations end when no centroid moves further than this, squared.
    package var tolerance = 1e-4
    package var seed: UInt64

    /// In which order the batches are learned.
    package enum Order: String, Codable, Sendable, CaseIterable {
        /// By the first edit of each.
        case index
        /// Drawn at random.
        case random
        /// Always the one farthest from all before, by its centroid.
        case farthestFirst
    }

    package init(batchSize: Int, seed: UInt64) {
        (self.batchSize, self.seed) = (batchSize, seed)
    }

    /// The batches in the order to learn them, as places in the list; each in ascending order.
    package func batches(_ embeddings: [[Float]]) -> [[Int]] {
        let count = (embeddings.count + batchSize - 1) / batchSize
        guard count > 1 else { return embeddings.isEmpty ? [] : [Array(embeddings.indices)] }
        let points = Self.directions(embeddings)
        var random = SplitMix64(seed: seed)
        let clusters = (0..<max(restarts, 1)).map { _ in cluster(points, count, &random) }
            .min { $0.inertia < $1.inertia }!
        return ordered(levelled(clusters, points), points, &random)
    }

    // MARK: K-means

    private struct Clusters {
        var centroids: [[Float]]
        /// The centroid nearest to each point, and how far it is, squared.
        var nearest: [(cluster: Int, distance: Float)]
        var inertia: Float { nearest.reduce(0) { $0 + $1.distance } }
    }

    private func cluster(
        _ points: [[Float]], _ count: Int, _ random: inout SplitMix64
    ) -> Clusters {
        var centroids = spread(points, count, &random)
        for _ in 0..<iterations {
            let moved = Self.means(points, Self.assigned(points, to: centroids), centroids)
            let shift = zip(centroids, moved).map { Self.distance($0, $1) }.max()!
            centroids = moved
            if Double(shift) <= tolerance { break }
        }
        return Clusters(centroids: centroids, nearest: Self.assigned(points, to: centroids))
    }

    /// K-means++: every next centroid is a point, drawn in proportion to its squared distance from
    /// those there are.
    private func spread(
        _ points: [[Float]], _ count: Int, _ random: inout SplitMix64
    ) -> [[Float]] {
        var centroids = [points[random.below(points.count)]]
        var gaps = points.map { Self.distance($0, centroids[0]) }
        while centroids.count < count {
            let total = gaps.reduce(0) { $0 + Double($1) }
            var left = total * Double(random.next() >> 11) * 0x1p-53
            // Where all points coincide with a centroid any of them will do.
            let place = gaps.firstIndex { gap in
                left -= Double(gap)
                return left < 0
            }
            centroids.append(points[place ?? random.below(points.count)])
            gaps = zip(points, gaps).map { min($1, Self.distance($0, centroids.last!)) }
        }
        return centroids
    }

    private static func assigned(
        _ points: [[Float]], to centroids: [[Float]]
    ) -> [(cluster: Int, distance: Float)] {
        points.map { point in
            var best = (cluster: 0, distance: Float.infinity)
            for (index, centroid) in centroids.enumerated() {
                let gap = distance(point, centroid)
                // Of equals the first, so that the same points always give the same clusters.
                if gap < best.distance { best = (index, gap) }
            }
            return best
        }
    }

    /// The mean of each cluster's points; a cluster without points stays where it was.
    private static func means(
        _ points: [[Float]], _ nearest: [(cluster: Int, distance: Float)], _ former: [[Float]]
    ) -> [[Float]] {
        former.indices.map { cluster in
            let members = nearest.indices.filter { nearest[$0].cluster == cluster }
            guard !members.isEmpty else { return former[cluster] }
            return centroid(of: members, points)
        }
    }

    // MARK: Exact sizes

    /// Makes clusters equal: the larger ones keep the points nearest to their centroids, the others
    /// are filled with what those gave up, nearest first.
    private func levelled(_ clusters: Clusters, _ points: [[Float]]) -> [[Int]] {
        let count = clusters.centroids.count
        var members = [[Int]](repeating: [], count: count)
        for (point, near) in clusters.nearest.enumerated() { members[near.cluster].append(point) }
        let bySize = members.indices.sorted {
            (-members[$0].count, $0) < (-members[$1].count, $1)
        }
        let sizes = (0..<count).map { $0 < count - 1 ? batchSize : points.count - $0 * batchSize }

        func nearest(_ points: [Int], to cluster: Int, _ all: [[Float]]) -> [Int] {
            let gaps = points.map { Self.distance(all[$0], clusters.centroids[cluster]) }
            return points.indices.sorted { (gaps[$0], points[$0]) < (gaps[$1], points[$1]) }
                .map { points[$0] }
        }
        var pool: [Int] = []
        for (cluster, size) in zip(bySize, sizes) {
            let near = nearest(members[cluster], to: cluster, points)
            members[cluster] = Array(near.prefix(size))
            pool += near.dropFirst(size)
        }
        for (cluster, size) in zip(bySize, sizes) where members[cluster].count < size {
            let near = nearest(pool.sorted(), to: cluster, points)
            let room = size - members[cluster].count
            members[cluster] += near.prefix(room)
            pool = Array(near.dropFirst(room))
        }
        return bySize.map { members[$0].sorted() }
    }

    private func ordered(
        _ batches: [[Int]], _ points: [[Float]], _ random: inout SplitMix64
    ) -> [[Int]] {
        let byIndex = batches.sorted { $0[0] < $1[0] }
        switch order {
        case .index: return byIndex
        case .random: return random.shuffled(byIndex)
        case .farthestFirst:
            let centroids = byIndex.map { Self.centroid(of: $0, points) }
            var played = [0]
            while played.count < byIndex.count {
                let gaps = centroids.map { one in
                    played.map { Self.distance(one, centroids[$0]) }.min()!
                }
                let rest = byIndex.indices.filter { !played.contains($0) }
                played.append(rest.max { (gaps[$0], -$0) < (gaps[$1], -$1) }!)
            }
            return played.map { byIndex[$0] }
        }
    }
}

extension OrderPlanner {
    /// How alike the edits of one batch are, and those of two: the mean cosine of pairs, averaged
    /// over batches and over pairs of batches.
    package static func similarities(
        _ embeddings: [[Float]], _ batches: [[Int]]
    ) -> (within: Double, between: Double) {
        let points = directions(embeddings)
        let sums = batches.map { batch in
            centroid(of: batch, points).map { Double($0) * Double(batch.count) }
        }
        let sizes = batches.map { Double($0.count) }
        func product(_ a: Int, _ b: Int) -> Double {
            zip(sums[a], sums[b]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let within = batches.indices.filter { sizes[$0] > 1 }.map {
            (product($0, $0) - sizes[$0]) / (sizes[$0] * (sizes[$0] - 1))
        }
        let between = batches.indices.flatMap { a in
            (0..<a).map { product(a, $0) / (sizes[a] * sizes[$0]) }
        }
        func mean(_ values: [Double]) -> Double {
            values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        }
        return (mean(within), mean(between))
    }

    /// Centred on their mean, which takes out what all questions share, and of unit length.
    private static func directions(_ embeddings: [[Float]]) -> [[Float]] {
        let mean = centroid(of: Array(embeddings.indices), embeddings)
        return embeddings.map { embedding in
            let centred = zip(embedding, mean).map { $0 - $1 }
            let length = centred.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-12
            return centred.map { $0 / length }
        }
    }

    private static func centroid(of members: [Int], _ points: [[Float]]) -> [Float] {
        var sum = [Float](repeating: 0, count: points[0].count)
        for member in members {
            points[member].withUnsafeBufferPointer { point in
                for index in sum.indices { sum[index] += point[index] }
            }
        }
        return sum.map { $0 / Float(members.count) }
    }

    private static func distance(_ a: [Float], _ b: [Float]) -> Float {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                var sum: Float = 0
                for index in a.indices {
                    let gap = a[index] - b[index]
                    sum += gap * gap
                }
                return sum
            }
        }
    }
}
