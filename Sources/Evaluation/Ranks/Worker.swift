import Dispatch
import Foundation

/// The part of a rank that takes jobs as it gets free, does them, and hands in what came of them.
struct Worker: Sendable {
    let board: WorkBoard
    let pulse: Pulse
    let member: Int
    let jobs: [String]
    let times: WorkTimes
    let perform: @Sendable (String) async throws -> Data

    /// Works until the run ends.
    ///
    /// - Throws: `CancellationError`, `TorchError` where the store is lost, and `EvaluationError`
    ///   for a queue of another plan. What a job throws goes to rank 0 instead.
    func work() async throws {
        var (position, letters, hasFailed) = (0, 0, false)
        var idle = times.poll
        while pulse.ending == nil {
            guard !hasFailed, let job = try board.job(at: position) else {
                try await Task.sleep(for: idle)
                idle = min(idle * 2, times.beat)
                continue
            }
            idle = times.poll
            if try claim(position) {
                hasFailed = try await handIn(job, at: position, as: letters)
                letters += 1
            }
            position += 1
        }
    }

    /// A beat goes first: who was taken for dead and claims again is seen alive, and can be seen to
    /// die once more.
    private func claim(_ position: Int) throws -> Bool {
        try Task.checkCancellation()
        try board.beat(member)
        return try board.claim(position, for: member)
    }

    /// Does a job and tells rank 0; returns whether it failed. When the run has ended meanwhile, only
    /// rank 0's own letter would still be read.
    private func handIn(_ job: Int, at position: Int, as number: Int) async throws -> Bool {
        let (result, failure) = try await outcome(of: job)
        guard member == 0 || pulse.ending == nil else { return false }
        let letter = Letter(position: position, byteCount: result.count, failure: failure)
        try board.post(letter, result, from: member, number: number)
        return failure != nil
    }

    /// What `perform` returns, or the sentence of what it throws, unless it was stopped.
    private func outcome(of job: Int) async throws -> (result: Data, failure: String?) {
        guard jobs.indices.contains(job) else {
            throw EvaluationError(
                "expected one of \(jobs.count) jobs, got number \(job) from rank 0; give all ranks "
                    + "the same jobs.")
        }
        do {
            return (try await perform(jobs[job]), nil)
        } catch let error as CancellationError {
            // Another rank takes its job, but without rank 0 nobody receives what comes of it.
            if member == 0 { pulse.settle(.stopped) }
            throw error
        } catch {
            try Task.checkCancellation()
            return (Data(), error.sentence)
        }
    }
}

/// Threads for work that may block: those of the pool stay free for what runs beside it.
final class WorkThreads: TaskExecutor {
    static let shared = WorkThreads()

    private let queue = DispatchQueue(label: "errata.work", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
