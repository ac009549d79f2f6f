/// Names of lines beside their ends, moved apart where they would lie on each other.
enum EndLabels {
    /// The least distance of two names.
    static let spacing = 16.0
    /// No name takes more than this from the plot.
    static let longest = 200.0

    /// Places near `wanted`, in its order, `spacing` apart and within `range` where they fit.
    static func spread(_ wanted: [Double], within range: ClosedRange<Double>) -> [Double] {
        let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
        var blocks: [(members: [Int], top: Double)] = []
        for index in order {
            blocks.append(([index], top(of: [index], wanted, within: range)))
            // Blocks that touch become one, as near as can be to what all of them want.
            while let last = blocks.last, let before = blocks.dropLast().last,
                before.top + Double(before.members.count) * spacing > last.top
            {
                blocks.removeLast(2)
                let members = before.members + last.members
                blocks.append((members, top(of: members, wanted, within: range)))
            }
        }
        var places = wanted
        for block in blocks {
            for (place, member) in block.members.enumerated() {
                places[member] = block.top + Double(place) * spacing
            }
        }
        return places
    }

    /// Where a block begins whose members are, on average, where they want to be.
    private static func top(
        of members: [Int], _ wanted: [Double], within range: ClosedRange<Double>
    ) -> Double {
        let ideal = members.enumerated().reduce(0.0) { sum, member in
            sum + wanted[member.element] - Double(member.offset) * spacing
        }
        let last = range.upperBound - Double(members.count - 1) * spacing
        return max(range.lowerBound, min(ideal / Double(members.count), last))
    }
}

extension Layout {
    /// The names of the lines, each joined to its end.
    var endLabels: [Element] {
        let named = namesEnds ? series.filter { !$0.runs.isEmpty } : []
        let ends = named.compactMap { $0.points.last.map(place) }
        let heights = EndLabels.spread(ends.map(\.y), within: y.end...bottom)
        return named.indices.flatMap { index in
            endLabel(named[index], end: ends[index], at: Place(x.end + 12, heights[index]))
        }
    }

    private func endLabel(_ series: ShownSeries, end: Place, at place: Place) -> [Element] {
        let isFar = abs(place.y - end.y) > 2 || place.x - end.x > 14
        let leader = Element.line(
            from: end + Place(5, 0), to: place, ink: series.look.ink, width: 0.75)
        let name = Typography.shortened(series.name, to: EndLabels.longest)
        return (isFar ? [leader] : []) + [
            series.look.marker(at: place + Place(5, 0), radius: 3.5),
            .words(name, at: place + Place(14, 4.5)),
        ]
    }
}
