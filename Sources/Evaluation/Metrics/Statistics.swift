/// Figures over many numbers.
package enum Statistics {
    /// The mean; nothing of nothing.
    package static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The means of `parts` equal parts of at least as many values, in order.
    package static func means(_ values: [Double], parts: Int) -> [Double] {
        precondition(1...values.count ~= parts, "\(values.count) values have no \(parts) parts")
        return (0..<parts).map { part in
            let range = values.count * part / parts..<values.count * (part + 1) / parts
            return values[range].reduce(0, +) / Double(range.count)
        }
    }

    /// The sample's standard deviation; nothing of fewer than two.
    package static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1, let mean = mean(values) else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// Pearson's correlation; nothing where one side does not vary.
    package static func correlation(_ pairs: [(Double, Double)]) -> Double? {
        guard let x = mean(pairs.map(\.0)), let y = mean(pairs.map(\.1)) else { return nil }
        func products(_ factor: ((Double, Double)) -> Double) -> Double {
            pairs.reduce(0) { $0 + factor($1) }
        }
        let both = products { ($0.0 - x) * ($0.1 - y) }
        let spread = products { ($0.0 - x) * ($0.0 - x) } * products { ($0.1 - y) * ($0.1 - y) }
        return spread > 0 ? both / spread.squareRoot() : nil
    }

    /// The share that is true; nothing of nothing.
    package static func share(_ claims: [Bool]) -> Double? {
        mean(claims.map { $0 ? 1 : 0 })
    }

    /// The standard error of the mean: the sample's standard deviation over the root of its size; nothing
    /// of fewer than two.
    package static func standardError(_ values: [Double]) -> Double? {
        deviation(values).map { $0 / Double(values.count).squareRoot() }
    }

    /// The value below which the share `rank` of the values lies, between two neighbours in
    /// proportion (as NumPy's default); nothing of nothing.
    package static func quantile(_ values: [Double], _ rank: Double) -> Double? {
        precondition(0...1 ~= rank, "a quantile's rank is a share, not \(rank)")
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let place = rank * Double(sorted.count - 1)
        let lower = Int(place)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }

    /// The chance that a covered prompt is nearer than an uncovered one, equals counting half: the
    /// area under the ROC curve. Nothing where either side is empty.
    package static func areaUnderCurve(covered: [Double], uncovered: [Double]) -> Double? {
        guard !covered.isEmpty, !uncovered.isEmpty else { return nil }
        let others = uncovered.sorted()
        let wins = covered.reduce(0.0) { sum, distance in
            let nearer = firstIndex(in: others) { $0 >= distance }
            let notFurther = firstIndex(in: others) { $0 > distance }
            return sum + Double(others.count - notFurther) + Double(notFurther - nearer) / 2
        }
        return wins / Double(covered.count) / Double(uncovered.count)
    }

    /// The first index of ascending `values` where `claim`, once true and then always, holds.
    private static func firstIndex(in values: [Double], where claim: (Double) -> Bool) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if claim(values[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// How many values fall into each of the steps of one width, of which there are a thousand at most.
package struct Histogram: Codable, Sendable, Equatable {
    /// Width of a step.
    package var width: Double
    /// Step `i` counts values from `i · width` to below `(i + 1) · width`; values below zero count
    /// in the first, and the thousandth counts what lies there or more.
    package var counts: [Int]

    private static let mostSteps = 1_000

    /// Counts `values`.
    package init(_ values: [Double], width: Double) {
        precondition(width > 0, "a histogram's step has a width above 0, not \(width)")
        // A distance that is a whole number of steps must not fall below its step by rounding.
        let steps = values.map { value in
            Int(max(0, min(Double(Self.mostSteps - 1), (value / width + 1e-9).rounded(.down))))
        }
        self.width = width
        counts = [Int](repeating: 0, count: (steps.max() ?? -1) + 1)
        for step in steps { counts[step] += 1 }
    }
}

/// Median, 95th percentile and mean of a cost.
package struct Spread: Codable, Sendable, Equatable {
    package var median: Double
    package var p95: Double
    package var mean: Double

    /// The spread of `values`; nothing of nothing.
    package init?(_ values: [Double]) {
        guard let median = Statistics.quantile(values, 0.5),
            let p95 = Statistics.quantile(values, 0.95), let mean = Statistics.mean(values)
        else { return nil }
        self.median = median
        self.p95 = p95
        self.mean = mean
    }
}
