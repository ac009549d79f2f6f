extension Plot {
    /// The plot as it is drawn; where it has no points, a sentence in their place.
    package var drawing: Drawing {
        let layout = Layout(self)
        let omission = layout.leftOut == 0 ? nil : omission(of: layout.leftOut)
        guard layout.series.contains(where: { !$0.runs.isEmpty }) else {
            return layout.heading.empty(title, because: omission ?? Heading.nothing)
        }
        let below = (x.hasTicks ? 26.0 : 6) + (x.heading.isEmpty ? 0 : 22)
        let height = layout.bottom + below + (omission == nil ? 0 : 22)
        let note = omission.map {
            Element.words($0, at: Place(Heading.margin, height - 8), ink: .muted)
        }
        let corner = Place(Heading.margin, layout.heading.height)
        let ground = layout.legend.elements(at: corner) + layout.grid(y) + layout.levelAxis(x)
        let figure = layout.bands + layout.marks(x: x, y: y) + layout.edges(edges)
        return Drawing(
            title: title, summary: summary(of: layout), width: Heading.width, height: height,
            elements: layout.heading.elements + ground + figure + layout.endLabels
                + [note].compactMap(\.self))
    }

    /// What became of the points that are not shown.
    private func omission(of count: Int) -> String {
        let reason =
            [x.scale, y.scale].contains(.logarithmic)
            ? "0 and less have no place on a logarithmic axis" : "they are not finite"
        return "Not shown: \(count) \(count == 1 ? "value" : "values") (\(reason))."
    }

    /// Each series in a sentence.
    private func summary(of layout: Layout) -> String {
        let axes = y.heading.isEmpty ? [] : ["\(y.heading) over \(x.heading)."]
        let parted = edges.map { "\($0.label) at \(x.text($0.x))." }
        return (axes + layout.series.map(sentence) + parted).joined(separator: " ")
    }

    private func sentence(_ series: ShownSeries) -> String {
        let points = series.points
        guard let first = points.first, let last = points.last else {
            return "\(series.name): nothing."
        }
        switch series.mark {
        case .line:
            return "\(series.name): from \(y.text(first.y)) at \(x.text(first.x)) "
                + "to \(y.text(last.y)) at \(x.text(last.x))."
        case .dots:
            return "\(series.name): \(points.count) \(points.count == 1 ? "point" : "points")."
        case .steps(let width):
            let highest = points.max { $0.y < $1.y } ?? first
            return "\(series.name): at most \(y.text(highest.y)), from \(x.text(highest.x)) "
                + "to \(x.text(highest.x + width))."
        }
    }
}

extension Layout {
    /// The heading of the upright axis, its level lines and their numbers.
    func grid(_ axis: Axis) -> [Element] {
        let corner = Place(Heading.margin, y.end - 11)
        let heading = axis.hasTicks ? [Element.words(axis.heading, at: corner, ink: .muted)] : []
        return heading
            + zip(y.ticks, y.labels).flatMap { tick, label in
                let height = y.place(tick)
                return [
                    Element.line(
                        from: Place(x.start, height), to: Place(x.end, height), ink: .grid),
                    .words(
                        label, at: Place(x.start - 8, height + 4.5), size: Typography.tick,
                        ink: .muted, anchor: "end"),
                ]
            }
    }

    /// The level axis with its numbers and heading; a frame where there are no numbers.
    func levelAxis(_ axis: Axis) -> [Element] {
        let below = Place((x.start + x.end) / 2, bottom + (axis.hasTicks ? 40 : 20))
        let heading =
            axis.heading.isEmpty
            ? [] : [Element.words(axis.heading, at: below, ink: .muted, anchor: "middle")]
        guard axis.hasTicks else { return [frame] + heading }
        let line = Element.line(
            from: Place(x.start, bottom), to: Place(x.end, bottom), ink: .muted)
        return [line] + heading
            + zip(x.ticks, x.labels).flatMap { tick, label in
                let place = Place(x.place(tick), bottom)
                return [
                    Element.line(from: place, to: place + Place(0, 5), ink: .muted),
                    .words(
                        label, at: place + Place(0, 19), size: Typography.tick, ink: .muted,
                        anchor: "middle"),
                ]
            }
    }

    private var frame: Element {
        Element(
            "rect",
            [
                "x": .length(x.start), "y": .length(y.end), "width": .length(x.end - x.start),
                "height": .length(y.start - y.end), "fill": "none", "stroke": .ink(.grid),
            ])
    }
}
