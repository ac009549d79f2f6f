import Figures
import Foundation

/// What was asked lately, drawn.
extension Traffic.Record {
    /// The share of prompts left to the unedited model, by minute.
    ///
    /// - Parameter now: minutes since 1970.
    func deferral(now: Int) -> Drawing {
        let recent = minutes.filter { now - $0.number < Traffic.shownMinutes }
        let points = recent.map { minute in
            Point(
                Double(minute.number - now),
                100 * Double(minute.deferred) / Double(max(1, minute.edited + minute.deferred)))
        }
        // A young server has little to show: its minutes fill the width all the same.
        let first = min(-5, Double((recent.first?.number ?? now) - now))
        var plot = Plot(
            "Deferred to the unedited model", subtitle: "share of the prompts of each minute",
            x: Axis("Minutes from now", covering: first...0), y: .percent("Deferred"))
        plot.series = [Series("deferred", points, mark: points.count > 1 ? .line : .dots)]
        plot.keys = []
        return plot.drawing
    }

    /// How many answers took how long.
    var latency: Drawing {
        var plot = Plot(
            "Time to answer",
            subtitle: "the latest \(times.count) answers, by the share that was done",
            x: Axis("Time", unit: "ms", scale: .logarithmic), y: .percent("Done"))
        plot.series = [
            Series("first token", Self.shares(times.compactMap(\.times.first)), look: Look(at: 0)),
            Series("whole answer", Self.shares(times.map(\.times.whole)), look: Look(at: 1)),
        ].filter { !$0.points.isEmpty }
        // Both end at the top, where names at their ends would stand in each other's way.
        plot.keys = plot.series.map { Key($0.name, $0.look ?? Look(at: 0), sample: .line) }
        return plot.drawing
    }

    /// In how many milliseconds which share was done: at most 30 points.
    private static func shares(_ seconds: [Double]) -> [Point] {
        let sorted = seconds.filter { $0 > 0 }.sorted()
        let count = min(30, sorted.count)
        return (0..<count).map { step in
            let place = (step + 1) * sorted.count / count - 1
            return Point(1000 * sorted[place], 100 * Double(place + 1) / Double(sorted.count))
        }
    }
}
