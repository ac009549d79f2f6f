/// Where everything on a plot goes.
struct Layout: Sendable, Equatable {
    /// The height of the surface between the axes; of a map, more.
    private static let surface = (plot: 250.0, map: 380.0)

    let heading: Heading
    let legend: Legend
    let series: [ShownSeries]
    /// Whether the names of the lines stand at their ends.
    let namesEnds: Bool
    let x: Ruler
    let y: Ruler

    init(_ plot: Plot) {
        series = plot.series.indices.map { ShownSeries($0, of: plot) }
        namesEnds =
            plot.keys == nil && series.allSatisfy { $0.mark == .line }
            && Double(series.count) * EndLabels.spacing <= Self.surface.plot
        heading = Heading(plot.title, subtitle: plot.subtitle)
        legend = Legend(
            namesEnds ? [] : plot.keys ?? series.map(\.key),
            within: Heading.width - 2 * Heading.margin)

        let top = heading.height + legend.height + (plot.y.hasTicks ? 24 : 4)
        let longest = series.map { Typography.width($0.name) }.max() ?? 0
        // Half of the last tick's label needs room, too.
        let names = namesEnds ? min(longest, EndLabels.longest) + 30 : plot.x.hasTicks ? 22 : 1
        let right = Heading.width - Heading.margin - names
        (x, y) =
            plot.keepsProportions
            ? Self.proportional(plot, series, top: top, right: right)
            : Self.rulers(plot, series, top: top, right: right)
    }

    /// The lower edge of the surface.
    var bottom: Double { y.start }

    /// Points that have no place on these axes.
    var leftOut: Int { series.reduce(0) { $0 + $1.leftOut } }

    private static func rulers(
        _ plot: Plot, _ series: [ShownSeries], top: Double, right: Double
    ) -> (x: Ruler, y: Ruler) {
        let heights = series.flatMap(\.heights)
        let y = Ruler(upright: plot.y, values: heights, bottom: top + surface.plot, top: top)
        let labels = y.labels.map { Typography.width($0, size: Typography.tick) }
        let left = Heading.margin + (labels.max() ?? 0) + 8
        let across = series.flatMap(\.reach) + plot.edges.map(\.x)
        let x = Ruler(level: plot.x, domain: plot.x.extent(of: across), left: left, right: right)
        return (x, y)
    }

    /// Rulers of one unit, with some space around all points.
    private static func proportional(
        _ plot: Plot, _ series: [ShownSeries], top: Double, right: Double
    ) -> (x: Ruler, y: Ruler) {
        let points = series.flatMap(\.points)
        let across = plot.x.extent(of: points.map(\.x))
        let upwards = plot.y.extent(of: points.map(\.y))
        let (left, height) = (Heading.margin, surface.map)
        let unit = 1.08 * max(across.length / (right - left), upwards.length / height)
        let x = Ruler(
            level: plot.x, domain: across.widened(to: unit * (right - left)), left: left,
            right: right)
        let y = Ruler(
            level: plot.y, domain: upwards.widened(to: unit * height), left: top + height,
            right: top)
        return (x, y)
    }
}

extension ClosedRange<Double> {
    fileprivate var length: Double { upperBound - lowerBound }

    /// The range of this length with the same middle.
    fileprivate func widened(to length: Double) -> Self {
        let middle = (lowerBound + upperBound) / 2
        return middle - length / 2...middle + length / 2
    }
}
