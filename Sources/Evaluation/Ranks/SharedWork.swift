package import Foundation
import Torch

/// Independent jobs that several processes share out among themselves through a store.
///
/// Rank 0 is the one that writes: it says what is outstanding, does jobs like the others, and
/// receives what came of each, once, whoever did it. Ranks take jobs as they get free. The jobs of a
/// rank that died, or that gave no sign of life for `WorkTimes.heartbeatSeconds`, go to others; what
/// it hands in late is the same once more, since jobs are deterministic, and is passed over. A rank
/// may join at any time before rank 0 has left.
///
/// When the run ends, for whatever reason, each rank's `perform` is cancelled: one that does not look
/// for that finishes its job first, and `run` waits for it.
package final class SharedWork: Sendable {
    /// This process's place.
    package let place: RankPlace
    /// The store's port, also where the system chose it.
    package var port: Int { board.store.port }

    let pulse: Pulse
    let board: WorkBoard
    let member: Int
    let times: WorkTimes
    private let started = ContinuousClock.now

    /// Joins the run, for which it waits up to `times.joinSeconds`; rank 0 opens the store, unless
    /// the launcher did. From here on this rank gives signs of life, until `run` ends.
    ///
    /// - Parameter plan: a digest of what is to be done, the same on all ranks.
    /// - Throws: `EvaluationError` where the store cannot be opened or reached, where rank 0 does not
    ///   come, and where its plan is another.
    package init(_ place: RankPlace, plan: String, times: WorkTimes = WorkTimes()) throws {
        self.place = place
        self.times = times
        do {
            let store = try Self.open(place, place.port, times, isLeader: place.rank == 0)
            board = WorkBoard(store: store, prefix: place.prefix)
            member = place.rank == 0 ? 0 : try board.join()
            let line = try Self.open(place, store.port, times, isLeader: false)
            pulse = Pulse(
                WorkBoard(store: line, prefix: place.prefix), member: member, times: times)
            try agree(on: plan)
        } catch let error as TorchError {
            throw Self.refusal(place, times, error)
        }
        pulse.start()
    }

    deinit { pulse.stop() }

    /// Does `jobs` together with the other ranks and returns when all are done, or the run failed.
    /// To be called once.
    ///
    /// On rank 0 the run ends when the others know of it; it waits up to `times.arrivalSeconds` from
    /// its start for those that have not joined. A job that throws ends the run of every rank, with
    /// its own sentence; what has come until then is received. One that throws `CancellationError`
    /// stops its own rank as if this task were cancelled, and goes to another.
    ///
    /// - Parameter jobs: the same on all ranks; they are begun in this order.
    /// - Parameter done: those of `jobs` that need not be done; rank 0's word counts.
    /// - Parameter perform: does one job, on a thread that it may hold as long as it wants.
    /// - Parameter receive: called on rank 0 alone, for one job at a time.
    /// - Throws: `EvaluationError` with the sentence of the job that failed, or where the store was
    ///   lost or rank 0 fell silent, which ranks notice within `heartbeatSeconds`; on rank 0 what
    ///   `receive` throws; `CancellationError` where this task was cancelled or its job threw one,
    ///   which ends the run of all where it is rank 0's.
    package func run(
        jobs: [String], done: Set<String> = [],
        perform: @escaping @Sendable (String) async throws -> Data,
        receive: (String, Data) async throws -> Void
    ) async throws {
        let worker = Worker(
            board: board, pulse: pulse, member: member, jobs: jobs, times: times, perform: perform)
        let work = Task(executorPreference: WorkThreads.shared) { try await worker.work() }
        pulse.atEnd { work.cancel() }
        guard place.rank == 0 else { return try await follow(work) }
        try await lead(
            Collector(board, jobs: jobs, done: done, times: times), beside: work, receive)
    }

    // MARK: Rank 0

    private func lead(
        _ collector: Collector, beside work: Task<Void, any Error>,
        _ receive: (String, Data) async throws -> Void
    ) async throws {
        var (collector, failure): (Collector, (any Error)?) = (collector, nil)
        do { try await collect(with: &collector, receive) } catch { failure = named(error) }
        let ending = Ending(of: failure)
        pulse.settle(ending)
        // In a task of its own, which goes on where this one was cancelled.
        await Task { [collector] in await takeLeave(ending, collector) }.value
        _ = await work.result
        guard let failure else { return }
        try? await collector.drain(receive)
        throw failure
    }

    private func collect(
        with collector: inout Collector, _ receive: (String, Data) async throws -> Void
    ) async throws {
        try collector.publish()
        while true {
            try await collector.look(receive)
            if collector.isDone { return }
            // Its own worker was stopped.
            if pulse.ending == Ending.stopped { throw CancellationError() }
            try pulse.ending?.check()
            try await Task.sleep(for: times.poll)
        }
    }

    /// Tells the others how it ended, and stays until they have heard.
    private func takeLeave(_ ending: Ending, _ collector: Collector) async {
        var collector = collector
        let arrival = ending.failure == nil ? started + .seconds(times.arrivalSeconds) : .now
        let deadline = max(arrival, .now + .seconds(times.heartbeatSeconds))
        // Where the launcher's store is gone, nobody is left to tell.
        guard (try? board.finish(ending)) != nil else { return }
        while ContinuousClock.now < deadline, (try? collector.lookForOthers()) != nil {
            let haveAllJoined = collector.joinedCount >= place.count - 1
            if collector.isAlone, haveAllJoined || ContinuousClock.now >= arrival { return }
            try? await Task.sleep(for: times.poll)
        }
    }

    /// `error`, or that the store was lost where that is what it means.
    private func named(_ error: any Error) -> any Error {
        guard error is TorchError, (try? board.news()) == nil else { return error }
        pulse.settleLostStore()
        return EvaluationError(pulse.ending?.failure ?? error.sentence, isFailure: true)
    }

    // MARK: The others

    private func follow(_ work: Task<Void, any Error>) async throws {
        let result = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        if case .failure(is TorchError) = result { pulse.settleLostStore() }
        if let ending = pulse.ending { return try ending.check() }
        pulse.stop()
        try? board.leave(member)
        try result.get()
    }
}
