import Dispatch
import Errata
import Foundation
import Synchronization

/// A line on standard error that says how far a long task is, how fast it goes, and how long it
/// will yet take. On a terminal it has a bar, comes after a second and is gone at the end; elsewhere
/// it is one more line every five minutes.
///
/// A timer draws it, so that it moves while a single step takes long.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var total: Int
        var note = ""
        var isShown = false
        var isFinished = false
    }

    private let label: String
    private let unit: String
    private let before: Int
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let timer: Timer
    private let isTerminal = ProgressBar.isTerminal

    /// Dispatch says of its sources that any thread may use them, but not in Swift's words.
    private struct Timer: @unchecked Sendable {
        let source: any DispatchSourceTimer
    }

    /// - Parameters:
    ///   - label: what is being done: `Learning`.
    ///   - total: how many there are to do; 0 when nobody knows.
    ///   - unit: what is counted: `edits`.
    ///   - before: how many of them were done before it began.
    init(_ label: String, total: Int = 0, unit: String = "", before: Int = 0) {
        self.label = label
        self.unit = unit
        self.before = before
        state = Mutex(State(total: total))
        let source = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer = Timer(source: source)
        let (first, next) = isTerminal ? (1.0, 0.2) : (300.0, 300.0)
        source.schedule(deadline: .now() + first, repeating: next)
        source.setEventHandler { [weak self] in self?.draw() }
        source.resume()
    }

    deinit { finish() }

    /// So many are done; `note` says something of the latest.
    func update(_ done: Int, of total: Int? = nil, note: String = "") {
        state.withLock {
            $0.done = done
            $0.total = total ?? $0.total
            $0.note = note
        }
    }

    /// Takes the line away.
    func finish() {
        timer.source.cancel()
        state.withLock {
            if $0.isShown { Self.erase() }
            $0.isShown = false
            $0.isFinished = true
        }
    }

    private func draw() {
        state.withLock {
            guard !$0.isFinished else { return }
            let elapsed = (ContinuousClock.now - start).inSeconds
            let line = Self.line(
                label, done: $0.done, before: before, total: $0.total, unit: unit, note: $0.note,
                elapsed: elapsed, hasBar: isTerminal)
            $0.isShown = isTerminal
            _ = Output.write(
                isTerminal ? "\r\u{1B}[K" + line.prefix(Self.width - 1) : line + "\n",
                to: STDERR_FILENO)
        }
    }

    /// What the line says.
    static func line(
        _ label: String, done: Int, before: Int = 0, total: Int, unit: String, note: String,
        elapsed: Double, hasBar: Bool
    ) -> String {
        guard total > 0 else { return "\(label) · \(clock(elapsed))" }
        guard done > before else {
            return "\(label) \(done) of \(total) \(unit) · \(clock(elapsed))"
        }
        let filled = 20 * min(done, total) / total
        let bar =
            hasBar
            ? String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
                + " " : ""
        let rate = Double(done - before) / elapsed
        let pace = rate >= 1 ? "\(rate.fixed(1)) \(unit)/s" : "\((1 / rate).fixed(1)) s each"
        let left = clock(Double(max(0, total - done)) / rate)
        return "\(label) \(bar)\(done) of \(total) \(unit) · \(pace) · \(left) left"
            + (note.isEmpty ? "" : " · \(note)")
    }

    /// `0:07`, `12:40`, `3:05:00`.
    private static func clock(_ seconds: Double) -> String {
        let seconds = Int(seconds.rounded())
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let rest = String(format: "%02d", seconds % 60)
        return hours == 0 ? "\(minutes):\(rest)" : String(format: "%d:%02d:", hours, minutes) + rest
    }

    private static func erase() { _ = Output.write("\r\u{1B}[K", to: STDERR_FILENO) }

    private static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    private static var width: Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1
        return known ? Int(size.ws_col) : 80
    }
}
