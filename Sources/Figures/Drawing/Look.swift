/// How one series is told from the others, in colour as in greyscale.
package struct Look: Sendable, Equatable {
    /// Its colour.
    package var ink: Ink
    /// How its line is broken.
    package var dash: Dash
    /// What marks its points.
    package var marker: Marker
    /// Whether only the outline of its markers is drawn.
    package var isHollow = false

    /// A look made by hand.
    package init(
        _ ink: Ink, dash: Dash = .solid, marker: Marker = .circle, isHollow: Bool = false
    ) {
        self.ink = ink
        self.dash = dash
        self.marker = marker
        self.isHollow = isHollow
    }

    /// The look of the series at `place`: the first 28 all differ, neighbours in every respect.
    package init(at place: Int) {
        ink = Ink.series[place % Ink.series.count]
        dash = Dash.allCases[place % Dash.allCases.count]
        marker = Marker.series[place % Marker.series.count]
    }

    /// Its marker around `place`.
    func marker(at place: Place, radius: Double = 4) -> Element {
        marker.element(at: place, ink: ink, radius: radius, isHollow: isHollow)
    }
}

/// How a line is broken.
package enum Dash: CaseIterable, Sendable {
    case solid, dashed, dotted, dashDotted

    /// As SVG writes it; nothing for a line that is whole.
    var pattern: String? {
        switch self {
        case .solid: nil
        case .dashed: "7 4"
        case .dotted: "2 3"
        case .dashDotted: "8 3 2 3"
        }
    }
}
