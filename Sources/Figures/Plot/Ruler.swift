import Foundation

/// An axis laid out: which lengths its numbers are, and which of them are written.
struct Ruler: Sendable, Equatable {
    let scale: Axis.Scale
    let domain: ClosedRange<Double>
    /// Where the domain begins, in pixels.
    let start: Double
    /// Where it ends.
    let end: Double
    /// The numbers that are written.
    let ticks: [Double]
    /// What is written for each.
    let labels: [String]

    /// An upright axis from `bottom` to `top`, its ends rounded.
    init(upright axis: Axis, values: [Double], bottom: Double, top: Double) {
        let extent = axis.extent(of: values)
        let isLinear = axis.scale == .linear
        domain = isLinear ? Ticks.rounded(extent, about: 5) : Ticks.rounded(logarithmic: extent)
        scale = axis.scale
        (start, end) = (bottom, top)
        ticks = Self.ticks(axis, domain, about: isLinear ? 5 : 10)
        labels = NumberText.labels(ticks, on: scale)
    }

    /// A level axis from `left` to `right`, with as many ticks as can be read.
    init(level axis: Axis, domain: ClosedRange<Double>, left: Double, right: Double) {
        scale = axis.scale
        self.domain = domain
        (start, end) = (left, right)
        var count = 8
        var ticks = Self.ticks(axis, domain, about: count)
        while count > 1, Self.crowds(ticks, on: axis.scale, domain, length: right - left) {
            count -= 1
            ticks = Self.ticks(axis, domain, about: count)
        }
        self.ticks = ticks
        labels = NumberText.labels(ticks, on: scale)
    }

    /// Where `value` lies, in pixels.
    func place(_ value: Double) -> Double {
        start + (end - start) * Self.share(value, of: domain, on: scale)
    }

    private static func share(
        _ value: Double, of domain: ClosedRange<Double>, on scale: Axis.Scale
    ) -> Double {
        switch scale {
        case .linear:
            (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
        case .logarithmic:
            log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
        }
    }

    private static func ticks(
        _ axis: Axis, _ domain: ClosedRange<Double>, about count: Int
    ) -> [Double] {
        guard axis.hasTicks else { return [] }
        switch axis.scale {
        case .linear: return Ticks.linear(domain, about: count)
        case .logarithmic: return Ticks.logarithmic(domain, about: count)
        }
    }

    /// Whether two neighbouring labels would touch.
    private static func crowds(
        _ ticks: [Double], on scale: Axis.Scale, _ domain: ClosedRange<Double>, length: Double
    ) -> Bool {
        let labels = NumberText.labels(ticks, on: scale)
            .map { Typography.width($0, size: Typography.tick) }
        let places = ticks.map { share($0, of: domain, on: scale) * length }
        return places.indices.dropFirst().contains { tick in
            places[tick] - places[tick - 1] < (labels[tick] + labels[tick - 1]) / 2 + 14
        }
    }
}

extension NumberText {
    /// Labels for the ticks of an axis: alike, or over several powers of ten each for itself.
    static func labels(_ ticks: [Double], on scale: Axis.Scale) -> [String] {
        scale == .linear ? self.ticks(ticks) : ticks.map(round)
    }
}
