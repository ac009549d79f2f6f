/// One number for each of several things, as level bars.
///
/// A bar's length is read from zero, which a logarithmic axis does not have: there, a dot at the
/// end of a thin line stands in its place.
package struct BarChart: Sendable, Equatable {
    /// One of the things.
    package struct Bar: Sendable, Equatable {
        /// What it is called.
        package var name: String
        /// Its number; nothing where it was not measured.
        package var value: Double?
        /// From where to where the number went.
        package var reach: ClosedRange<Double>?
        /// Its colour.
        package var ink: Ink

        /// The bar of `name`.
        package init(
            _ name: String, _ value: Double?, reach: ClosedRange<Double>? = nil, ink: Ink = .blue
        ) {
            self.name = name
            self.value = value
            self.reach = reach
            self.ink = ink
        }
    }

    /// What it shows.
    package var title: String
    /// On what, and how the reach is meant.
    package var subtitle: String
    /// What the bars measure.
    package var axis: Axis
    /// The bars, from above.
    package var bars: [Bar]

    /// A chart of `bars` along `axis`, which begins at 0 where it is linear.
    package init(_ title: String, subtitle: String = "", axis: Axis, bars: [Bar] = []) {
        self.title = title
        self.subtitle = subtitle
        self.axis = axis
        self.bars = bars
    }
}
