/// What one direction of a plot measures.
package struct Axis: Sendable, Equatable {
    /// How numbers become lengths.
    package enum Scale: Sendable {
        case linear
        /// Equal ratios are equal lengths; zero and less have no place.
        case logarithmic
    }

    /// What is measured.
    package var label: String
    /// In what.
    package var unit: String?
    /// How numbers become lengths.
    package var scale: Scale
    /// What is shown at least; whatever lies outside widens it.
    package var covering: ClosedRange<Double>?
    /// Whether the numbers mean anything by themselves.
    package var hasTicks: Bool
    /// Decimals of a value that is written out; nil for three significant digits.
    package var decimals: Int?

    /// An axis for `label`, counted in `unit`.
    package init(
        _ label: String, unit: String? = nil, scale: Scale = .linear,
        covering: ClosedRange<Double>? = nil, hasTicks: Bool = true, decimals: Int? = nil
    ) {
        self.label = label
        self.unit = unit
        self.scale = scale
        self.covering = covering
        self.hasTicks = hasTicks
        self.decimals = decimals
    }

    /// From 0 to 100 %.
    package static func percent(_ label: String) -> Axis {
        Axis(label, unit: "%", covering: 0...100, decimals: 1)
    }

    /// Label and unit: *Time for an edit (s)*.
    var heading: String { unit.map { "\(label) (\($0))" } ?? label }

    /// `value` with its unit.
    func text(_ value: Double) -> String {
        (decimals.map { NumberText.fixed(value, digits: $0) } ?? NumberText.short(value))
            + (unit.map { "\u{00A0}\($0)" } ?? "")
    }

    /// Whether `value` has a place on such an axis.
    func admits(_ value: Double) -> Bool {
        value.isFinite && (scale == .linear || value > 0)
    }

    /// The range that `values` and `covering` span together; 1 to 10 where there is nothing.
    func extent(of values: [Double]) -> ClosedRange<Double> {
        let edges = [covering?.lowerBound, covering?.upperBound].compactMap(\.self)
        let admitted = (values + edges).filter(admits)
        guard let least = admitted.min(), let most = admitted.max() else { return 1...10 }
        if least < most { return least...most }
        let around = max(0.5, abs(least) / 10)
        return scale == .logarithmic ? least / 2...least * 2 : least - around...least + around
    }
}
