/// Numbers that belong together on a plot.
package struct Series: Sendable, Equatable {
    /// How the points are drawn.
    package enum Mark: Sendable, Equatable {
        /// Joined by a line.
        case line
        /// Each by itself.
        case dots
        /// As steps of one width, each from its point's x on.
        case steps(width: Double)
    }

    /// What to say of values that were measured several times.
    package enum Spread: Sendable {
        /// From the least to the greatest.
        case range
        /// One sample standard deviation to both sides of the mean.
        case deviation
    }

    /// What it is called in the legend.
    package var name: String
    /// Its points, from left to right.
    package var points: [Point]
    /// How they are drawn.
    package var mark: Mark
    /// Its looks; given out by place where there are none.
    package var look: Look?

    /// A series of `points`.
    package init(_ name: String, _ points: [Point], mark: Mark = .line, look: Look? = nil) {
        self.name = name
        self.points = points
        self.mark = mark
        self.look = look
    }

    /// The means of repeated measurements at each x, with a band that shows their spread.
    package init(
        _ name: String, runs: [(x: Double, values: [Double])], spread: Spread, look: Look? = nil
    ) {
        let points = runs.filter { !$0.values.isEmpty }.map { run in
            let mean = run.values.reduce(0, +) / Double(run.values.count)
            return Point(run.x, mean, band: spread.band(of: run.values, around: mean))
        }
        self.init(name, points, look: look)
    }

    /// A histogram: of all that was counted, the share in percent that falls into each step.
    package init(_ name: String, shares counts: [Int], width: Double, look: Look? = nil) {
        let total = Double(counts.reduce(0, +))
        let points = counts.enumerated().map { step, count in
            Point(Double(step) * width, Double(count) / total * 100)
        }
        self.init(name, total == 0 ? [] : points, mark: .steps(width: width), look: look)
    }
}

/// One place on a plot.
package struct Point: Sendable, Equatable {
    /// To the right.
    package var x: Double
    /// Upwards.
    package var y: Double
    /// What y may as well have been.
    package var band: ClosedRange<Double>?
    /// What it is, where points are things; shown beside the pointer.
    package var note: String?

    /// The place (`x`, `y`).
    package init(
        _ x: Double, _ y: Double, band: ClosedRange<Double>? = nil, note: String? = nil
    ) {
        self.x = x
        self.y = y
        self.band = band
        self.note = note
    }
}

extension Series.Spread {
    /// The band of `values`; nothing where there is only one, or one that is no number.
    fileprivate func band(of values: [Double], around mean: Double) -> ClosedRange<Double>? {
        guard values.count > 1, values.allSatisfy(\.isFinite), let least = values.min(),
            let most = values.max()
        else { return nil }
        switch self {
        case .range: return least...most
        case .deviation:
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let deviation = (squares / Double(values.count - 1)).squareRoot()
            return mean - deviation...mean + deviation
        }
    }
}
