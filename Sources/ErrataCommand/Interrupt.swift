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
    ///   - endsAtOnce: whether the first Ctrl-C already ends the program, for work that has
    ///     nothing to put in order.
    init(_ consequence: String, endsAtOnce: Bool = false) {
        state = Mutex(State(consequence: consequence))
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        signals = Signals(source: source)
        source.setEventHandler { [weak self] in self?.press(endsAtOnce: endsAtOnce) }
        source.resume()
    }

    deinit { signals.source.cancel() }

    /// - Throws: `Interrupted` after Ctrl-C.
    func check() throws {
        let consequence = state.withLock { $0.presses > 0 ? $0.consequence : nil }
        if let consequence { throw Interrupted(consequence) }
    }

    /// Runs `body` to its end, Ctrl-C or not; afterwards being stopped means `consequence`.
    func uninterrupted<Result>(
        then consequence: String, _ body: () async throws -> Result
    ) async throws -> Result {
        try endForGood()
        let result = try await body()
        state.withLock { $0.consequence = consequence }
        return result
    }

    /// From here on the work is brought to its end, Ctrl-C or not.
    func endForGood() throws {
        try check()
        state.withLock { $0.consequence = nil }
    }

    private func press(endsAtOnce: Bool) {
        let (consequence, presses) = state.withLock {
            $0.presses += 1
            return ($0.consequence, $0.presses)
        }
        guard let consequence else { return }
        if endsAtOnce || presses > 1 { Exit.end(after: Interrupted(consequence)) }
        if isatty(STDERR_FILENO) == 1 {
            _ = Output.write(
                "\r\u{1B}[Kerrata: stopping after this step; Ctrl-C again stops at once.\n",
                to: STDERR_FILENO)
        }
    }
}
