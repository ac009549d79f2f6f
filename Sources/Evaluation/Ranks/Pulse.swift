import Dispatch
import Foundation
import Synchronization

/// One rank's sign of life, from a thread of its own, since a job may hold all others for an hour.
///
/// The same thread looks for the end of the run: as rank 0 announced it, or since the store was lost
/// or rank 0 fell silent. The first ending that shows is the one that counts.
final class Pulse: Sendable {
    private struct State {
        var ending: Ending?
        var isStopped = false
        var atEnd: (@Sendable () -> Void)?
    }

    private let board: WorkBoard
    private let member: Int
    private let times: WorkTimes
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// - Parameter board: with a connection of its own, so that no long letter holds up a beat.
    init(_ board: WorkBoard, member: Int, times: WorkTimes) {
        self.board = board
        self.member = member
        self.times = times
    }

    /// Beats until the run ends or `stop`.
    func start() {
        Thread.detachNewThread { self.run() }
    }

    /// Falls silent.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake.signal()
    }

    /// How the run ended; nil while it goes on.
    var ending: Ending? { state.withLock { $0.ending } }

    /// Ends the run as far as this rank is concerned, unless it has ended.
    func settle(_ ending: Ending) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.ending == nil else { return nil }
            state.ending = ending
            return state.atEnd
        }
        action?()
    }

    /// Calls `action` once when the run ends, or now if it has.
    func atEnd(_ action: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            state.atEnd = action
            return state.ending != nil
        }
        if hasEnded { action() }
    }

    /// Calls the store lost.
    func settleLostStore() {
        settle(.lostStore(board.whereabouts))
    }

    private func run() {
        var leader = Watch()
        let interval = DispatchTimeInterval.milliseconds(Int(times.beat / .milliseconds(1)))
        repeat {
            do {
                if try hasEnded(watching: &leader) { return }
            } catch {
                return settleLostStore()
            }
        } while wake.wait(timeout: .now() + interval) == .timedOut
    }

    /// One beat and one look around.
    private func hasEnded(watching leader: inout Watch) throws -> Bool {
        guard !state.withLock(\.isStopped) else { return true }
        try board.beat(member)
        if let ending = try board.ending() {
            settle(ending)
            try board.leave(member)
            return true
        }
        guard member != 0 else { return false }
        let limit = Duration.seconds(times.heartbeatSeconds)
        guard leader.isSilent(at: try board.beats(of: 0), for: limit) else { return false }
        settle(.silentLeader(seconds: times.heartbeatSeconds))
        return true
    }
}
