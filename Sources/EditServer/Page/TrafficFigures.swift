import Figures
import Foundation

/// What was asked lately, drawn.
extension Traffic.Record {
    /// The share of prompts left to the unedited model, by minute.
    ///
    /// - Parameter now: minutes since 1970.
    func deferral(now: Int) -> Drawing {
        let points = minutes.filter { now - $0.number < Traffic.shownMinutes }.map { minute in
            Point(
                Double(minute.number - now),
                100 * Double(minute.deferred) / Double(max(1, minute.edited + minute.deferred)))
        }
        var plot = Plot(
            "Deferred to the unedited model",
            subtitle: "share of the prompts of each minute",
            x: Axis("Minutes from now", covering: Double(1 - Traffic.shownMinutes)...0),
            y: .percent("Deferred"))
        plot.series = [Series("deferred", points, mark: points.count > 1 ? .line : .dots)]
        return plot.drawing
    }

    /// How many answers took how long, in steps of equal ratio.
    var latency: Drawing {
        var plot = Plot(
            "Time to answer",
            subtitle: "the latest \(times.count) answers, by the share that was done",
            x: Axis("Time", unit: "s", scale: .logarithmic), y: .percent("Done"))
        plot.series = [
            Series("first token", Self.shares(times.compactMap(\.first))),
            Series("whole answer", Self.shares(times.map(\.whole))),
        ].filter { !$0.points.isEmpty }
        return plot.drawing
    }

    /// By which time which share was done: at most 50 points.
    private static func shares(_ seconds: [Double]) -> [Point] {
        let sorted = seconds.filter { $0 > 0 }.sorted()
        let count = min(50, sorted.count)
        return (0..<count).map { step in
            let place = (step + 1) * sorted.count / count - 1
            return Point(sorted[place], 100 * Double(place + 1) / Double(sorted.count))
        }
    }
}
