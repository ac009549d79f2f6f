/// Series of numbers over two axes: lines, dots or histograms.
///
/// Where every series is a line, its name stands at its end; other plots have a legend above.
///
///     var plot = Plot("Edits kept", x: Axis("Edits", scale: .logarithmic), y: .percent("Kept"))
///     plot.series = [Series("ELDER", runs: [(1000, [91, 92]), (10000, [88, 90])], spread: .range)]
///     try writeFigure(plot.drawing, to: folder.appending(path: "kept"))
package struct Plot: Sendable, Equatable {
    /// A vertical line that parts the plot, such as a threshold.
    package struct Edge: Sendable, Equatable {
        /// Where it stands.
        package var x: Double
        /// What it is.
        package var label: String

        /// The line at `x`.
        package init(at x: Double, _ label: String) {
            self.x = x
            self.label = label
        }
    }

    /// What it shows.
    package var title: String
    /// On what, and how the spread is meant.
    package var subtitle: String
    /// To the right.
    package var x: Axis
    /// Upwards.
    package var y: Axis
    /// What is shown.
    package var series: [Series]
    /// Lines between the sides of something.
    package var edges: [Edge]
    /// The legend, where it is not simply the names of the series.
    package var keys: [Key]?
    /// Whether a step to the right is as long as the same step upwards.
    package var keepsProportions = false

    /// A plot over these axes.
    package init(
        _ title: String, subtitle: String = "", x: Axis, y: Axis, series: [Series] = [],
        edges: [Edge] = []
    ) {
        self.title = title
        self.subtitle = subtitle
        self.x = x
        self.y = y
        self.series = series
        self.edges = edges
    }
}
