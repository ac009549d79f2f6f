import Metrics
import Synchronization

/// Where swift-metrics' counters and recorders are kept, to be written as Prometheus reads them.
final class PrometheusFactory: MetricsFactory, Sendable {
    /// What a time series is told apart by.
    struct Name: Hashable, Comparable {
        let label: String
        let dimensions: [Dimension]

        struct Dimension: Hashable, Comparable {
            let key: String
            let value: String
            static func < (a: Self, b: Self) -> Bool { (a.key, a.value) < (b.key, b.value) }
        }

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map(Dimension.init)
        }

        static func < (a: Name, b: Name) -> Bool {
            a.label != b.label
                ? a.label < b.label : a.dimensions.lexicographicallyPrecedes(b.dimensions)
        }
    }

    private let series = Mutex<[Name: any TimeSeries]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        made(label, dimensions) { Tally() }
    }

    func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        made(label, dimensions) { Tally() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        made(label, dimensions) { Gauge() }
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            made(label, dimensions) { Histogram() }
        } else {
            made(label, dimensions) { Gauge() }
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        made(label, dimensions) { Histogram() }
    }

    // Series stay until the server ends: a count that begins anew would look like a restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func made<Handler: TimeSeries>(
        _ label: String, _ dimensions: [(String, String)], _ make: () -> Handler
    ) -> Handler {
        let name = Name(label, dimensions)
        return series.withLock { series in
            if let known = series[name] as? Handler { return known }
            let new = make()
            series[name] = new
            return new
        }
    }

    /// Everything in Prometheus' text format 0.0.4.
    ///
    /// - Parameter help: a sentence about each label.
    func text(help: [String: String]) -> String {
        var text = ""
        var label: String?
        for (name, series) in series.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            if name.label != label {
                label = name.label
                if let sentence = help[name.label] { text += "# HELP \(name.label) \(sentence)\n" }
                text += "# TYPE \(name.label) \(type(of: series).kind)\n"
            }
            for line in series.lines {
                let dimensions = name.dimensions.map { ($0.key, $0.value) } + line.dimensions
                let inside = dimensions.map { "\($0)=\"\(Self.escaped($1))\"" }
                    .joined(separator: ",")
                text +=
                    name.label + line.suffix + (inside.isEmpty ? "" : "{\(inside)}")
                    + " \(line.value)\n"
            }
        }
        return text
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}

/// One time series.
protocol TimeSeries: AnyObject, Sendable {
    static var kind: String { get }
    var lines: [SeriesLine] { get }
}

/// One line of a series.
struct SeriesLine {
    var suffix = ""
    var dimensions: [(String, String)] = []
    let value: String
}

/// A number that only grows.
final class Tally: TimeSeries, CounterHandler, FloatingPointCounterHandler {
    static let kind = "counter"
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { value.withLock { $0 += Double(amount) } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func reset() { value.withLock { $0 = 0 } }

    var lines: [SeriesLine] { [SeriesLine(value: value.withLock { $0 }.shortest)] }
}

/// A number that goes up and down.
final class Gauge: TimeSeries, MeterHandler, RecorderHandler {
    static let kind = "gauge"
    private let value = Mutex(0.0)

    func set(_ new: Int64) { value.withLock { $0 = Double(new) } }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(new) }
    func record(_ new: Double) { set(new) }

    var lines: [SeriesLine] { [SeriesLine(value: value.withLock { $0 }.shortest)] }
}

/// How often values were how large.
final class Histogram: TimeSeries, RecorderHandler, TimerHandler {
    static let kind = "histogram"

    private struct State {
        var counts = Array(repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    /// Upper bounds, in seconds: from a token of a small model to minutes of learning.
    private static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

    var lines: [SeriesLine] {
        let state = state.withLock { $0 }
        var total = 0
        var lines: [SeriesLine] = []
        for (place, count) in state.counts.enumerated() {
            total += count
            let bound = place < Self.bounds.count ? Self.bounds[place].shortest : "+Inf"
            lines.append(
                SeriesLine(suffix: "_bucket", dimensions: [("le", bound)], value: "\(total)"))
        }
        return lines + [
            SeriesLine(suffix: "_sum", value: "\(state.sum)"),
            SeriesLine(suffix: "_count", value: "\(total)"),
        ]
    }
}

extension Double {
    /// Without a point where there is nothing behind it.
    fileprivate var shortest: String {
        self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)"
    }
}
