extension BarChart {
    private static let rowHeight = 24.0

    /// The chart as it is drawn; where nothing was measured, a sentence in its place.
    package var drawing: Drawing {
        let heading = Heading(title, subtitle: subtitle)
        guard bars.contains(where: { $0.value?.isFinite == true }) else {
            return heading.empty(title, because: Heading.nothing)
        }
        let ruler = ruler
        let top = heading.height + 4
        let bottom = top + Double(bars.count) * Self.rowHeight + 4
        return Drawing(
            title: title, summary: summary, width: Heading.width, height: bottom + 48,
            elements: heading.elements + grid(ruler, from: top, to: bottom)
                + bars.enumerated().flatMap { row, bar in
                    elements(of: bar, ruler, middle: top + (Double(row) + 0.5) * Self.rowHeight + 2)
                })
    }

    /// The axis between the names and room for the longest number.
    private var ruler: Ruler {
        let names = bars.map { Typography.width($0.name) }.max() ?? 0
        let numbers = bars.map { Typography.width(text(of: $0)) }.max() ?? 0
        let values = bars.flatMap { [$0.value, $0.reach?.lowerBound, $0.reach?.upperBound] }
            .compactMap(\.self)
        let isLinear = axis.scale == .linear
        let extent = axis.extent(of: isLinear ? values + [0] : values)
        return Ruler(
            level: axis,
            domain: isLinear ? Ticks.rounded(extent, about: 5) : Ticks.rounded(logarithmic: extent),
            left: Heading.margin + min(names, 240) + 10,
            right: Heading.width - Heading.margin - numbers - 10)
    }

    private func grid(_ ruler: Ruler, from top: Double, to bottom: Double) -> [Element] {
        let lines = zip(ruler.ticks, ruler.labels).flatMap { tick, label in
            let across = ruler.place(tick)
            return [
                Element.line(from: Place(across, top), to: Place(across, bottom), ink: .grid),
                .words(
                    label, at: Place(across, bottom + 17), size: Typography.tick, ink: .muted,
                    anchor: "middle"),
            ]
        }
        let middle = (ruler.start + ruler.end) / 2
        let heading = Element.words(
            axis.heading, at: Place(middle, bottom + 38), ink: .muted, anchor: "middle")
        return lines + [heading]
    }

    private func elements(of bar: Bar, _ ruler: Ruler, middle: Double) -> [Element] {
        let name = Element.words(
            Typography.shortened(bar.name, to: 240), at: Place(ruler.start - 10, middle + 4.5),
            anchor: "end")
        let value = bar.value.flatMap { axis.admits($0) ? $0 : nil }
        let reach = bar.reach.flatMap {
            axis.admits($0.lowerBound) && axis.admits($0.upperBound) ? $0 : nil
        }
        let end = ruler.place(
            max(value ?? ruler.domain.lowerBound, reach?.upperBound ?? ruler.domain.lowerBound))
        let number = Element.words(
            text(of: bar), at: Place(end + 9, middle + 4.5), ink: value == nil ? .muted : .text,
            hasHalo: true)
        let body = value.map { mark(ruler.place($0), bar.ink, ruler, middle) } ?? []
        let span = reach.map { whisker($0, from: value, ruler, middle) } ?? []
        // A dot lies on the whisker that begins in it, a bar below.
        return [name] + (axis.scale == .logarithmic ? span + body : body + span) + [number]
    }

    private func mark(_ end: Double, _ ink: Ink, _ ruler: Ruler, _ middle: Double) -> [Element] {
        if axis.scale == .logarithmic {
            let start = Place(ruler.start, middle)
            return [
                .line(from: start, to: Place(end, middle), ink: ink, width: 1.5),
                Marker.circle.element(at: Place(end, middle), ink: ink, radius: 5),
            ]
        }
        let zero = ruler.place(0)
        return [
            Element(
                "rect",
                [
                    "x": .length(min(zero, end)), "y": .length(middle - 7.5),
                    "width": .length(abs(end - zero)), "height": 15.0, "fill": .ink(ink),
                ])
        ]
    }

    /// The reach as a line, with feet at the ends that are not the `value` itself.
    private func whisker(
        _ reach: ClosedRange<Double>, from value: Double?, _ ruler: Ruler, _ middle: Double
    ) -> [Element] {
        let ends = [reach.lowerBound, reach.upperBound]
        let places = ends.map { Place(ruler.place($0), middle) }
        let foot = Place(0, 4)
        let feet = zip(ends, places).filter { $0.0 != value }.map { ($0.1 - foot, $0.1 + foot) }
        return ([(places[0], places[1])] + feet).map {
            .line(from: $0, to: $1, ink: .text, width: 1.25)
        }
    }

    private func text(of bar: Bar) -> String {
        bar.value.map(axis.text) ?? "not measured"
    }

    private var summary: String {
        let sentences = bars.map { "\($0.name): \(text(of: $0))." }
        return (["\(axis.heading)."] + sentences).joined(separator: " ")
    }
}
