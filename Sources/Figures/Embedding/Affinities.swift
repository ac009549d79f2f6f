import Foundation

/// How probable each pair of things is as neighbours, from their distances.
struct Affinities: Sendable, Equatable {
    /// Nothing is less probable than this, so that logarithms stay finite.
    private static let least = 1e-12

    /// pᵢⱼ, symmetric, 0 where i = j; all together 1.
    let joint: [[Double]]

    /// The joint probabilities of things these `distances` apart.
    init(distances: [[Double]], perplexity: Double) throws {
        try Self.check(distances, perplexity)
        let count = distances.count
        let conditional = distances.indices.map { i in
            Self.row(distances[i], without: i, perplexity: perplexity)
        }
        joint = (0..<count).map { i in
            (0..<count).map { j in
                guard i != j else { return 0 }
                return max((conditional[i][j] + conditional[j][i]) / Double(2 * count), Self.least)
            }
        }
    }

    /// pⱼ|ᵢ: a normal distribution over the distances from i, as wide as `perplexity` asks.
    ///
    /// Where more things than that lie equally near, it is as narrow as can be.
    static func row(_ distances: [Double], without i: Int, perplexity: Double) -> [Double] {
        let squares = distances.map { $0 * $0 }
        let nearest = squares.indices.filter { $0 != i }.map { squares[$0] }.min() ?? 0
        let farthest = squares.max() ?? 0
        let goal = log(perplexity)
        var (low, high) = (0.0, Double.infinity)
        // In units of the spread, so that no distances are too small or too large for it.
        let unit = farthest > nearest ? 1 / (farthest - nearest) : 1
        var precision = 1.0
        var row = squares
        for _ in 0..<200 {
            for j in row.indices {
                row[j] = j == i ? 0 : exp(-precision * unit * (squares[j] - nearest))
            }
            let sum = row.reduce(0, +)
            for j in row.indices { row[j] /= sum }
            let entropy = Self.entropy(row)
            if abs(entropy - goal) < 1e-10 || precision > 1e18 { break }
            if entropy > goal { low = precision } else { high = precision }
            precision = high == .infinity ? precision * 2 : (low + high) / 2
        }
        return row
    }

    /// In nats; e to its power is the perplexity.
    static func entropy(_ probabilities: [Double]) -> Double {
        probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    }

    private static func check(_ distances: [[Double]], _ perplexity: Double) throws {
        let count = distances.count
        guard count > 1, distances.allSatisfy({ $0.count == count }) else {
            throw FiguresError(
                "A map needs the distances of at least two things as a square table, not "
                    + "\(count) rows of \(distances.map(\.count).max() ?? 0) columns.")
        }
        guard distances.joined().allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw FiguresError("Distances are 0 or more and finite; check how they were measured.")
        }
        guard perplexity >= 1, perplexity < Double(count) else {
            throw FiguresError(
                "The perplexity is at least 1 and below the number of things, \(count), not "
                    + "\(perplexity); choose about a third of them.")
        }
    }
}

extension Affinities {
    /// The gradient of the divergence, the joint probabilities multiplied by `exaggeration`.
    func gradient(at places: [SIMD2<Double>], exaggeration: Double = 1) -> [SIMD2<Double>] {
        let (nearness, sum) = Self.nearness(places)
        return places.indices.map { i in
            var pull = SIMD2<Double>.zero
            for j in places.indices {
                let excess = exaggeration * joint[i][j] - max(nearness[i][j] / sum, Self.least)
                pull += excess * nearness[i][j] * (places[i] - places[j])
            }
            return 4 * pull
        }
    }

    /// The Kullback–Leibler divergence of the map's probabilities from the joint ones.
    func divergence(at places: [SIMD2<Double>]) -> Double {
        let (nearness, sum) = Self.nearness(places)
        var divergence = 0.0
        for i in places.indices {
            for j in places.indices where i != j {
                let p = joint[i][j]
                divergence += p * log(p / max(nearness[i][j] / sum, Self.least))
            }
        }
        return divergence
    }

    /// Student's t with one degree of freedom over the distances on the map, and its sum.
    private static func nearness(_ places: [SIMD2<Double>]) -> ([[Double]], sum: Double) {
        var sum = 0.0
        let nearness = places.indices.map { i in
            places.indices.map { j in
                guard i != j else { return 0.0 }
                let apart = places[i] - places[j]
                let near = 1 / (1 + (apart * apart).sum())
                sum += near
                return near
            }
        }
        return (nearness, sum)
    }
}
