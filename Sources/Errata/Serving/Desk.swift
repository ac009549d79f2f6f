import Synchronization

/// Where requests are handed in, by any thread, and where they wait for the engine.
final class Desk: Sendable {
    private struct State {
        var waiting: [ServingJob] = []
        var load = ServingLoad()
        /// Requests that were taken and have not ended.
        var taken = 0
        var isClosed = false
        /// Seconds between the ends of two requests, on average, while there was something to do.
        var secondsPerRequest = 0.05
        var lastEnd: ContinuousClock.Instant?
        var idlers: [CheckedContinuation<Void, Never>] = []
    }

    let options: ServingEngine.Options
    private let state = Mutex(State())

    init(_ options: ServingEngine.Options) { self.options = options }

    func hand(in job: ServingJob) throws {
        try state.withLock { state in
            guard !state.isClosed else { throw EngineHasStopped() }
            guard state.waiting.count < options.maximumQueue else {
                let wait = Double(state.waiting.count) * state.secondsPerRequest
                throw EngineIsFull(
                    waiting: state.waiting.count,
                    retryAfter: min(max(Int(wait.rounded(.up)), 1), 60))
            }
            state.waiting.append(job)
        }
    }

    /// The next request, which is to be read now, if it wants no more than `rows` continuations.
    func next(within rows: Int) -> ServingJob? {
        let job: ServingJob? = state.withLock { state in
            guard let job = state.waiting.first, job.request.choices <= rows else { return nil }
            state.waiting.removeFirst()
            state.taken += 1
            return job
        }
        job?.onReading()
        return job
    }

    /// Takes out those that nobody waits for, or that are late.
    func withdrawn(at now: ContinuousClock.Instant) -> [ServingJob] {
        state.withLock { state in
            let out = state.waiting.filter { $0.isCancelled || $0.isLate(at: now) }
            guard !out.isEmpty else { return [] }
            state.waiting.removeAll { job in out.contains { $0 === job } }
            state.taken += out.count
            return out
        }
    }

    /// A request that was taken has ended.
    func end(_ job: ServingJob, throwing error: (any Error)? = nil) {
        job.events.finish(throwing: error)
        let idlers = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastEnd {
                let seconds = min((now - last).inSeconds, 10)
                state.secondsPerRequest += 0.1 * (seconds - state.secondsPerRequest)
            }
            state.taken -= 1
            state.load.finished += 1
            let isIdle = state.taken == 0 && state.waiting.isEmpty
            state.lastEnd = isIdle ? nil : now
            guard isIdle else { return [CheckedContinuation<Void, Never>]() }
            defer { state.idlers = [] }
            return state.idlers
        }
        idlers.forEach { $0.resume() }
    }

    func note(_ change: (inout ServingLoad) -> Void) { state.withLock { change(&$0.load) } }

    var load: ServingLoad {
        state.withLock { state in
            var load = state.load
            load.waiting = state.waiting.count
            return load
        }
    }

    var hasWork: Bool { state.withLock { !$0.waiting.isEmpty || $0.taken > 0 } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Nobody may hand in anything any more.
    func close() { state.withLock { $0.isClosed = true } }

    /// Returns when nothing waits and nothing is being answered.
    func untilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard state.taken > 0 || !state.waiting.isEmpty else { return true }
                state.idlers.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
