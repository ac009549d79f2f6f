import Foundation

/// A thread of its own for one kind of work, off the cooperative pool: a long computation must not
/// starve the tasks of a server, and the engine keeps some of its state per thread.
final class EngineThread: SerialExecutor {
    private let jobs = Jobs()

    /// - Parameter niceness: how much more readily than the process it lets others have the cores,
    ///   from 0 to 19; the engine's own threads take it over. Only Linux has one for each thread.
    init(_ name: String, niceness: Int32 = 0) {
        let jobs = jobs
        let thread = Thread {
            Thread.current.name = name
            #if os(Linux)
                // The thread that makes this one may be one of a pool's, which has its own. To Linux
                // the process 0 is the calling thread. Refused, it is as nice as before.
                let kind = Int32(PRIO_PROCESS.rawValue)
                let own = getpriority(kind, id_t(getpid()))
                _ = setpriority(kind, 0, min(own + niceness, 19))
            #endif
            while let job = jobs.next() { job() }
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { jobs.end() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.append { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// What a thread has still to do; it sleeps while there is nothing.
private final class Jobs: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [() -> Void] = []
    private var hasEnded = false

    func append(_ job: @escaping () -> Void) {
        condition.withLock {
            waiting.append(job)
            condition.signal()
        }
    }

    /// The next one, or nil when there will be none.
    func next() -> (() -> Void)? {
        condition.withLock {
            while waiting.isEmpty && !hasEnded { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }

    func end() {
        condition.withLock {
            hasEnded = true
            condition.signal()
        }
    }
}
