import Dispatch

/// One thread at a time for one model, off the cooperative pool: a long computation must not starve
/// the tasks of a server, and the engine keeps some of its state per thread.
final class EngineQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "errata.engine", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
