import Foundation

/// Lays things out on a plane so that near ones stay near: exact t-SNE.
///
/// Van der Maaten and Hinton, *Visualizing Data using t-SNE*, 2008, with the gains and the choice of
/// the learning rate that scikit-learn's `method="exact"` has. n is the number of things.
package struct TSNE: Sendable, Equatable {
    /// How many neighbours each thing has, roughly; below n.
    package var perplexity = 30.0
    /// Steps of gradient descent.
    package var steps = 1000
    /// What the joint probabilities are multiplied by in the first quarter of the steps, so that
    /// groups form before they settle.
    package var exaggeration = 12.0

    /// The usual settings with this perplexity.
    package init(perplexity: Double = 30) { self.perplexity = perplexity }

    /// Where everything lies, and how well that tells the distances.
    package struct Map: Sendable, Equatable {
        /// A place for each thing.
        package var places: [SIMD2<Double>]
        /// The Kullback–Leibler divergence from the distances' joint probabilities; 0 is perfect.
        package var divergence: Double
    }

    /// The map of things these `distances` apart, an n × n table.
    ///
    /// - Throws: `FiguresError` where that is no table of distances or the perplexity is too large.
    package func map(
        distances: [[Double]], random: inout some RandomNumberGenerator
    ) throws -> Map {
        let affinities = try Affinities(distances: distances, perplexity: perplexity)
        // Close together at first: the forces, not the draw, decide.
        let start = (0..<distances.count).map { _ in 1e-4 * random.nextNormalPair() }
        var descent = Descent(start, rate: max(Double(start.count) / exaggeration / 4, 50))
        for step in 0..<steps {
            let isEarly = step < steps / 4
            let gradient = affinities.gradient(
                at: descent.places, exaggeration: isEarly ? exaggeration : 1)
            descent.step(along: gradient, momentum: isEarly ? 0.5 : 0.8)
        }
        return Map(
            places: descent.places, divergence: affinities.divergence(at: descent.places))
    }

    /// The Euclidean distances of `points` from each other.
    package static func distances(between points: [[Double]]) -> [[Double]] {
        points.map { point in
            points.map { other in
                zip(point, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
            }
        }
    }
}

/// Gradient descent with momentum and a gain for each coordinate.
struct Descent {
    private(set) var places: [SIMD2<Double>]
    private let rate: Double
    private var velocity: [SIMD2<Double>]
    private var gains: [SIMD2<Double>]

    init(_ places: [SIMD2<Double>], rate: Double) {
        self.places = places
        self.rate = rate
        velocity = places.map { _ in .zero }
        gains = places.map { _ in .one }
    }

    /// Goes one step against `gradient`; faster where it keeps its sign, slower where it turns.
    mutating func step(along gradient: [SIMD2<Double>], momentum: Double) {
        for i in places.indices {
            let goesOn = velocity[i] * gradient[i] .< 0
            gains[i] = (gains[i] * 0.8).replacing(with: gains[i] + 0.2, where: goesOn)
            gains[i] = pointwiseMax(gains[i], SIMD2(repeating: 0.01))
            velocity[i] = momentum * velocity[i] - rate * gains[i] * gradient[i]
            places[i] += velocity[i]
        }
    }
}

extension RandomNumberGenerator {
    /// Two independent draws from the standard normal distribution, by Box and Muller.
    fileprivate mutating func nextNormalPair() -> SIMD2<Double> {
        // 53 bits each, the first never 0.
        let radius = (-2 * log((Double(next() >> 11) + 1) / 0x1p53)).squareRoot()
        let angle = 2 * Double.pi * Double(next() >> 11) / 0x1p53
        return radius * SIMD2(cos(angle), sin(angle))
    }
}
