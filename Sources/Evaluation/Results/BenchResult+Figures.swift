import Edits
import Figures

extension BenchResult {
    /// Lines on one plot; more could not be told apart.
    private static let linesOfPlot = 6
    /// Steps of a histogram at most.
    private static let stepsOfHistogram = 24

    /// How well edits and their rephrasings are known by age; two plots for every few methods.
    var agePlots: [Plot] {
        let aged = methods.filter { $0.ageCurve.count > 1 }
        return stride(from: 0, to: aged.count, by: Self.linesOfPlot).flatMap { first in
            let some = Array(aged[first..<min(first + Self.linesOfPlot, aged.count)])
            return [
                agePlot("Reliability by age", some, \.reliability.allTokens),
                agePlot("Generalization by age", some, \.generalization.allTokens),
            ]
        }
    }

    private func agePlot(
        _ title: String, _ methods: [MethodRow], _ share: (AgeBand) -> Double?
    ) -> Plot {
        let band = methods.first?.ageCurve.first.map { $0.last - $0.first + 1 }
        var plot = Plot(
            title,
            subtitle: "At the end of the stream; a point for every \(Figure.count(band)) edits",
            x: Axis("Place in the stream, oldest first"), y: .percent("Every token right"))
        plot.series = methods.map { row in
            Series(
                row.method,
                row.ageCurve.compactMap { band in
                    // Places are counted from 1 by people.
                    share(band).map { Point(Double(band.first + band.last) / 2 + 1, $0 * 100) }
                })
        }
        return plot
    }

    /// How far each kind of prompt is from the nearest edit, for each method with a gate.
    var distancePlots: [Plot] {
        methods.compactMap { row in row.distances.map { distancePlot(row.method, $0) } }
    }

    private func distancePlot(_ method: String, _ distances: Distances) -> Plot {
        let steps = distances.histograms.values.map(\.counts.count).max() ?? 0
        let stride = max(1, (steps + Self.stepsOfHistogram - 1) / Self.stepsOfHistogram)
        var plot = Plot(
            "Distance to the nearest edit: \(method)",
            subtitle: "At the end of the stream; measured on \(distances.gate.measure)",
            x: Axis("Distance", unit: distances.gate == .code ? "bits" : nil),
            y: Axis(
                "Prompts of a kind" + (distances.gate == .match ? ", of those with a match" : ""),
                unit: "%"))
        plot.series = Probe.Kind.allCases.enumerated().compactMap { place, kind in
            distances.histograms[kind.rawValue].map { histogram in
                let coarse = histogram.joined(by: stride)
                // A prompt without any match has no distance: how many have one says a lot.
                let name = "\(Figure.count(histogram.counts.reduce(0, +))) \(kind.plural)"
                return Series(
                    name, shares: coarse.counts, width: coarse.width, look: Look(at: place))
            }
        }
        plot.edges =
            edge(of: method, distances.gate).map { [.init(at: $0, "edge of the gate")] } ?? []
        return plot
    }

    /// Distances from here on are out of scope; nothing where that is not one number.
    private func edge(of method: String, _ gate: RouteTrace.Gate) -> Double? {
        switch gate {
        case .match, .radius: return 1
        case .score: return nil
        case .code:
            guard case .object(let config) = manifest.configs[method],
                case .number(let threshold) = config["hammingThreshold"]
            else { return nil }
            return threshold
        }
    }

    /// Seconds of an edit.
    var timeChart: BarChart {
        BarChart(
            "Time for an edit", subtitle: "Median; the whisker reaches the 95th percentile",
            axis: Axis("Time", unit: "s", scale: .logarithmic),
            bars: methods.filter { $0.edits > 0 }.map { row in
                let reach = row.secondsPerEdit.map { $0.median...max($0.median, $0.p95) }
                return BarChart.Bar(row.method, row.secondsPerEdit?.median, reach: reach)
            })
    }

    /// Numbers that each method trains.
    var parameterChart: BarChart {
        BarChart(
            "Trained parameters", axis: Axis("Parameters"),
            bars: methods.filter { $0.edits > 0 }.map { row in
                BarChart.Bar(row.method, row.trainableParameters.map(Double.init))
            })
    }
}

extension Histogram {
    /// The histogram with `stride` steps to one.
    fileprivate func joined(by stride: Int) -> Histogram {
        var coarse = self
        coarse.width *= Double(stride)
        coarse.counts = Swift.stride(from: 0, to: counts.count, by: stride).map { first in
            counts[first..<min(first + stride, counts.count)].reduce(0, +)
        }
        return coarse
    }
}

extension RouteTrace.Gate {
    /// What a distance is measured on, for a subtitle.
    fileprivate var measure: String {
        switch self {
        case .code: "route codes"
        case .match: "the way from the wording taught, 1 at the edge"
        case .radius: "queries, in radii of the stored key"
        case .score: "the gate's score"
        }
    }
}

extension Probe.Kind {
    /// Its name in a legend.
    fileprivate var plural: String {
        switch self {
        case .edit: "edits"
        case .taughtRephrase: "taught rephrasings"
        case .rephrase: "rephrasings"
        case .neighbour: "neighbours"
        case .unrelated: "unrelated"
        }
    }
}
