import Synchronization

/// What is counted and measured, to be written as Prometheus reads it.
///
/// Series stay until the server ends: a count that begins anew would look like a restart.
final class TimeSeries: Sendable {
    /// What a series is told apart by.
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

    private struct State {
        /// What only grows.
        var counters: [Name: Int] = [:]
        /// What goes up and down.
        var gauges: [Name: Int] = [:]
        var histograms: [Name: Histogram] = [:]
    }

    private let state = Mutex(State())

    /// Counts `amount` more.
    func add(_ amount: Int, to label: String, _ dimensions: [(String, String)] = []) {
        state.withLock { $0.counters[Name(label, dimensions), default: 0] += amount }
    }

    /// Takes over what counts itself, and never goes back: of two who look at once, one may come late
    /// with the smaller number.
    func count(_ label: String, upTo total: Int) {
        let name = Name(label, [])
        state.withLock { $0.counters[name] = max($0.counters[name] ?? 0, total) }
    }

    /// Takes note of how something stands.
    func set(_ label: String, to value: Int, _ dimensions: [(String, String)] = []) {
        state.withLock { $0.gauges[Name(label, dimensions)] = value }
    }

    /// Takes note of how long something took.
    func record(_ duration: Duration, in label: String, _ dimensions: [(String, String)] = []) {
        let seconds = duration / .seconds(1)
        state.withLock {
            $0.histograms[Name(label, dimensions), default: Histogram()].record(seconds)
        }
    }

    /// Everything in Prometheus' text format 0.0.4.
    ///
    /// - Parameter help: a sentence about each label.
    func text(help: [String: String]) -> String {
        let state = state.withLock { $0 }
        let series =
            state.counters.map { ($0, "counter", [SeriesLine(value: "\($1)")]) }
            + state.gauges.map { ($0, "gauge", [SeriesLine(value: "\($1)")]) }
            + state.histograms.map { ($0, "histogram", $1.lines) }
        var text = ""
        var label: String?
        for (name, kind, lines) in series.sorted(by: { $0.0 < $1.0 }) {
            if name.label != label {
                label = name.label
                if let sentence = help[name.label] { text += "# HELP \(name.label) \(sentence)\n" }
                text += "# TYPE \(name.label) \(kind)\n"
            }
            let own = name.dimensions.map { ($0.key, $0.value) }
            for line in lines { text += line.text(of: name.label, own) }
        }
        return text
    }
}

/// One line of a series.
struct SeriesLine {
    var suffix = ""
    var dimensions: [(String, String)] = []
    let value: String

    fileprivate func text(of label: String, _ own: [(String, String)]) -> String {
        let inside = (own + dimensions).map { "\($0)=\"\(Self.escaped($1))\"" }
            .joined(separator: ",")
        return label + suffix + (inside.isEmpty ? "" : "{\(inside)}") + " \(value)\n"
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

/// How often values were how large.
struct Histogram {
    /// Upper bounds, in seconds: from a token of a small model to minutes of learning.
    private static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    private var counts = Array(repeating: 0, count: bounds.count + 1)
    private var sum = 0.0

    init() {}

    mutating func record(_ seconds: Double) {
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }

    var lines: [SeriesLine] {
        var total = 0
        var lines: [SeriesLine] = []
        for (count, bound) in zip(counts, Self.bounds.map(\.shortest) + ["+Inf"]) {
            total += count
            lines.append(
                SeriesLine(suffix: "_bucket", dimensions: [("le", bound)], value: "\(total)"))
        }
        return lines + [
            SeriesLine(suffix: "_sum", value: "\(sum)"),
            SeriesLine(suffix: "_count", value: "\(total)"),
        ]
    }
}

extension Double {
    /// Without a point where there is nothing behind it.
    fileprivate var shortest: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
