extension Layout {
    func place(_ point: Point) -> Place { Place(x.place(point.x), y.place(point.y)) }

    /// The spread of each series: a ribbon along its line, or an upright stroke at a lone point.
    var bands: [Element] {
        series.flatMap { series in series.runs.flatMap { band(of: $0, series) } }
    }

    private func band(of run: [Point], _ series: ShownSeries) -> [Element] {
        let banded = run.compactMap { point in point.band.map { (x: point.x, band: $0) } }
        let upper = banded.map { Place(x.place($0.x), y.place($0.band.upperBound)) }
        let lower = banded.map { Place(x.place($0.x), y.place($0.band.lowerBound)) }
        if series.mark == .line, banded.count == run.count, run.count > 1 {
            return [.area(upper + lower.reversed(), ink: series.look.ink, opacity: 0.16)]
        }
        return zip(lower, upper).map {
            .line(from: $0, to: $1, ink: series.look.ink, width: 1.5)
        }
    }

    /// The series themselves, lines below dots.
    func marks(x: Axis, y: Axis) -> [Element] {
        series.flatMap(lines) + series.flatMap { dots($0, x: x, y: y) }
    }

    private func lines(_ series: ShownSeries) -> [Element] {
        switch series.mark {
        case .line:
            series.runs.filter { $0.count > 1 }.map { run in
                .line(
                    along: run.map(place), ink: series.look.ink, width: 2, dash: series.look.dash)
            }
        case .steps(let width): series.runs.flatMap { steps($0, width, series.look) }
        case .dots: []
        }
    }

    private func dots(_ series: ShownSeries, x: Axis, y: Axis) -> [Element] {
        if case .steps = series.mark { return [] }
        return series.points.map { point in
            series.look.marker(at: place(point))
                .noted(point.note ?? "\(series.name), \(x.text(point.x)): \(y.text(point.y))")
        }
    }

    /// A histogram: its outline over a see-through surface.
    private func steps(_ run: [Point], _ width: Double, _ look: Look) -> [Element] {
        guard let first = run.first, let last = run.last else { return [] }
        let tops = run.flatMap { point in
            [point.x, point.x + width].map { Place(x.place($0), y.place(point.y)) }
        }
        let ends = [first.x, last.x + width].map { Place(x.place($0), bottom) }
        let outline = [ends[0]] + tops + [ends[1]]
        return [
            .area(outline, ink: look.ink, opacity: 0.14),
            .line(along: outline, ink: look.ink, width: 2, dash: look.dash),
        ]
    }

    /// Upright lines with their names, on the side where there is room.
    func edges(_ edges: [Plot.Edge]) -> [Element] {
        edges.flatMap { edge in
            let across = x.place(edge.x)
            let fits = across + 8 + Typography.width(edge.label) <= x.end
            return [
                Element.line(
                    from: Place(across, bottom), to: Place(across, y.end), ink: .text,
                    width: 1.5, dash: .dashed),
                .words(
                    edge.label, at: Place(across + (fits ? 7 : -7), y.end + 18),
                    anchor: fits ? "start" : "end", hasHalo: true),
            ]
        }
    }
}
