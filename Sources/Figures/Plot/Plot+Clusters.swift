/// Things that belong together on a map: what they are about, and wordings of it.
package struct Cluster: Sendable, Equatable {
    /// What the group is called.
    package var name: String
    /// The edits: filled.
    package var edits: [Point]
    /// Their rephrasings: hollow.
    package var rephrasings: [Point]

    /// A group of points.
    package init(_ name: String, edits: [Point], rephrasings: [Point]) {
        self.name = name
        self.edits = edits
        self.rephrasings = rephrasings
    }
}

extension Plot {
    /// A map of groups of edits and their rephrasings among unrelated prompts.
    ///
    /// Colour and shape tell the groups apart; an edit is filled, its rephrasings are hollow. Only
    /// nearness means anything on a map, so its axes have no numbers.
    package static func map(
        _ title: String, subtitle: String = "", clusters: [Cluster], unrelated: [Point]
    ) -> Plot {
        let axis = Axis("", hasTicks: false)
        var plot = Plot(title, subtitle: subtitle, x: axis, y: axis)
        plot.keepsProportions = true
        let stray = Look(.grey, marker: .cross)
        plot.series = [Series("Unrelated prompts", unrelated, mark: .dots, look: stray)]
        plot.keys = []
        for (place, cluster) in clusters.enumerated() {
            var look = Look(at: place)
            plot.keys?.append(Key(cluster.name, look))
            let edits = Series("\(cluster.name), edits", cluster.edits, mark: .dots, look: look)
            look.isHollow = true
            let rephrasings = Series(
                "\(cluster.name), rephrasings", cluster.rephrasings, mark: .dots, look: look)
            plot.series += [rephrasings, edits]
        }
        plot.keys? += [
            Key("edit", Look(.muted)), Key("rephrasing", Look(.muted, isHollow: true)),
            Key("unrelated", stray),
        ]
        return plot
    }
}
