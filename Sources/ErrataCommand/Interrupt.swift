import Dispatch
import Foundation
import Synchronization

/// Ctrl-C: the first sets a flag that long tasks look at, the second ends the program at once.
///
/// While something is being saved neither does anything, so that it is saved whole.
final class Interrupt: Sendable {
    private struct State {
        /// What has come of the work so far, after *stopped;*. Nil while it must not be stopped.
        var consequence: String?
        /// The same where the program ends at once, if that is something else.
        var abrupt: String?
        var endsAtOnce: Bool
        var presses = 0
    }

    private let state: Mutex<State>
    private let signals: Signals

    /// Dispatch says of its sources that any thread may use them, but not in Swift's words.
    private struct Signals: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }

    /// Watches from now on.
    ///
    /// - Parameters:
    ///   - consequence: what being stopped means: *nothing was written to DIR*.
    ///   - abrupt: what it means where nothing can be put in order any more; nil for the same.
    ///   - endsAtOnce: whether the first Ctrl-C already ends the program, for work that has
    ///     nothing to put in order.
    init(_ consequence: String, atOnce abrupt: String? = nil, endsAtOnce: Bool = false) {
        state = Mutex(State(consequence: consequence, abrupt: abrupt, endsAtOnce: endsAtOnce))
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        signals = Signals(source: source)
        source.setEventHandler { [weak self] in self?.press() }
        source.resume()
    }

    deinit { signals.source.cancel() }

    /// - Throws: `Interrupted` after Ctrl-C.
    func check() throws {
        let consequence = state.withLock { $0.presses > 0 ? $0.consequence : nil }
        if let consequence { throw Interrupted(consequence) }
    }

    /// Runs `body` to its end, Ctrl-C or not; afterwards being stopped means `consequence`, and what
    /// goes on puts itself in order.
    func uninterrupted<Result>(
        then consequence: String, _ body: () async throws -> Result
    ) async throws -> Result {
        try endForGood()
        let result = try await body()
        state.withLock {
            ($0.consequence, $0.abrupt, $0.endsAtOnce) = (consequence, nil, false)
        }
        return result
    }

    /// From here on the work is brought to its end, Ctrl-C or not.
    func endForGood() throws {
        try check()
        state.withLock { $0.consequence = nil }
    }

    private func press() {
        let state = state.withLock {
            $0.presses += 1
            return $0
        }
        guard let consequence = state.consequence else { return }
        if state.endsAtOnce || state.presses > 1 {
            Exit.end(after: Interrupted(state.abrupt ?? consequence))
        }
        if isatty(STDERR_FILENO) == 1 {
            _ = Output.write(
                "\r\u{1B}[Kerrata: stopping after this step; Ctrl-C again stops at once.\n",
                to: STDERR_FILENO)
        }
    }
}
