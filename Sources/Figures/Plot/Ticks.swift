import Foundation

/// Round numbers along an axis.
enum Ticks {
    /// Rounding may leave a multiple of a step this share of the step away from itself.
    private static let slack = 1e-9

    /// Multiples of a round step inside `range`, about `count` of them.
    static func linear(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
        let step = step(for: range, about: count)
        let first = (range.lowerBound / step - slack).rounded(.up)
        let last = (range.upperBound / step + slack).rounded(.down)
        return stride(from: first, through: last, by: 1).map { multiple($0, of: step) }
    }

    /// `range` widened to whole steps.
    static func rounded(_ range: ClosedRange<Double>, about count: Int) -> ClosedRange<Double> {
        let step = step(for: range, about: count)
        let first = (range.lowerBound / step + slack).rounded(.down)
        let last = (range.upperBound / step - slack).rounded(.up)
        return multiple(first, of: step)...multiple(last, of: step)
    }

    /// The powers of ten inside `range`, with 2 and 5 times each where that leaves at most `count`;
    /// else every second power, every third, and so on.
    static func logarithmic(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
        let ends = (log10(range.lowerBound).rounded(.down), log10(range.upperBound).rounded(.up))
        let powers = Int(ends.0)...Int(ends.1)
        let inside = range.lowerBound * (1 - slack)...range.upperBound * (1 + slack)
        let fine = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
            .filter(inside.contains)
        let tens = powers.map { pow(10, Double($0)) }.filter(inside.contains)
        if fine.count <= count || tens.count < 2 { return fine }
        let every = (tens.count + count - 1) / count
        return tens.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }

    /// `range` widened to 1, 2 or 5 times a power of ten at both ends.
    static func rounded(logarithmic range: ClosedRange<Double>) -> ClosedRange<Double> {
        let low = log10(range.lowerBound).rounded(.down)
        let high = log10(range.upperBound).rounded(.down)
        let below = [5, 2, 1].map { $0 * pow(10, low) }
            .first { $0 <= range.lowerBound * (1 + slack) }
        let above = [1, 2, 5, 10].map { $0 * pow(10, high) }
            .first { $0 >= range.upperBound * (1 - slack) }
        return (below ?? range.lowerBound)...(above ?? range.upperBound)
    }

    /// 1, 2 or 5 times a power of ten.
    private static func step(for range: ClosedRange<Double>, about count: Int) -> Double {
        let rough = (range.upperBound - range.lowerBound) / Double(max(count, 1))
        let power = pow(10, log10(rough).rounded(.down))
        return ([1, 2, 5].first { $0 * power >= rough * (1 - slack) } ?? 10) * power
    }

    /// Divides where the step is a fraction, so that 3 · 0.1 is 0.3.
    private static func multiple(_ count: Double, of step: Double) -> Double {
        step < 1 ? count / (1 / step).rounded() : count * step
    }
}
