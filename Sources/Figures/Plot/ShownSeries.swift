/// What can be shown of a series on the axes of a plot, and how it looks there.
struct ShownSeries: Sendable, Equatable {
    let name: String
    let mark: Series.Mark
    let look: Look
    /// Points that follow each other; a line breaks where one between them has no place.
    let runs: [[Point]]
    /// How many points have no place.
    let leftOut: Int

    /// The series at `place` of those of `plot`.
    init(_ place: Int, of plot: Plot) {
        let series = plot.series[place]
        name = series.name
        mark = series.mark
        look = series.look ?? Look(at: place)
        runs = series.points.split { !plot.x.admits($0.x) || !plot.y.admits($0.y) }.map { run in
            run.map { $0.withBand(on: plot.y) }
        }
        leftOut = series.points.count - runs.reduce(0) { $0 + $1.count }
    }

    var points: [Point] { runs.flatMap(\.self) }

    /// Its entry in a legend.
    var key: Key {
        let sample: Key.Sample =
            switch mark {
            case .line: .line
            case .dots: .dot
            case .steps: .patch
            }
        return Key(name, look, sample: sample)
    }

    /// Every height that has to be seen.
    var heights: [Double] {
        let marks = points.flatMap { [$0.y, $0.band?.lowerBound, $0.band?.upperBound] }
        guard case .steps = mark else { return marks.compactMap(\.self) }
        return marks.compactMap(\.self) + [0]
    }

    /// How far it goes to the sides.
    var reach: [Double] {
        guard case .steps(let width) = mark else { return points.map(\.x) }
        return points.flatMap { [$0.x, $0.x + width] }
    }
}

extension Point {
    /// The point, its band left out where that has no place on `axis`.
    fileprivate func withBand(on axis: Axis) -> Point {
        var point = self
        if let band, !axis.admits(band.lowerBound) || !axis.admits(band.upperBound) {
            point.band = nil
        }
        return point
    }
}
