import Foundation
import Synchronization
import Testing

@testable import Evaluation

/// Several ranks in one process, which speak through a store on loopback.
@Suite struct SharedWorkTests {
    typealias Received = [(job: String, result: Data)]

    /// Ranks that live; the machine of a test may be slow.
    private static let patient = WorkTimes(heartbeatSeconds: 60, joinSeconds: 60)
    /// For ranks that die.
    private static let hasty = WorkTimes(heartbeatSeconds: 4, joinSeconds: 60)

    private static func leader(
        of count: Int, times: WorkTimes = patient, plan: String = "plan"
    ) throws -> SharedWork {
        let place = RankPlace(rank: 0, count: count, address: "127.0.0.1", port: 0)
        return try SharedWork(place, plan: plan, times: times)
    }

    private static func follower(
        _ rank: Int, of leader: SharedWork, times: WorkTimes = patient, plan: String = "plan"
    ) throws -> SharedWork {
        var place = leader.place
        (place.rank, place.port) = (rank, leader.port)
        return try SharedWork(place, plan: plan, times: times)
    }

    private static func run(
        _ work: SharedWork, _ jobs: [String], done: Set<String> = [], telling signal: Signal? = nil,
        perform: @escaping @Sendable (String) async throws -> Data = { Data($0.utf8) }
    ) async throws -> Received {
        var received: Received = []
        try await work.run(jobs: jobs, done: done, perform: perform) {
            received.append(($0, $1))
            signal?.give()
        }
        return received
    }

    private func expect(
        _ received: Received, areOf jobs: [String], location: SourceLocation = #_sourceLocation
    ) {
        #expect(received.map(\.job).sorted() == jobs.sorted(), sourceLocation: location)
        #expect(
            received.allSatisfy { $0.result == Data($0.job.utf8) }, sourceLocation: location)
    }

    private func expectSentence(
        _ part: String, location: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Received
    ) async {
        let error = await #expect(throws: EvaluationError.self, sourceLocation: location) {
            _ = try await body()
        }
        #expect(
            error?.message.contains(part) == true, "\(error?.message ?? "")",
            sourceLocation: location)
    }

    private static func holdThread(seconds: Double) { Thread.sleep(forTimeInterval: seconds) }

    /// A little more than 20 MB, in which no part is like another.
    private static func large(_ job: String) -> Data {
        Data((0..<20 << 20).lazy.map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) })
            + Data(job.utf8)
    }

    private static func jobs(_ count: Int) -> [String] { (0..<count).map { "job \($0)" } }

    @Test func threeRanksReceiveWhatOneDoes() async throws {
        let jobs = Self.jobs(30)
        let tally = Tally()
        let leader = try Self.leader(of: 3)
        let ranks = try [leader] + [1, 2].map { try Self.follower($0, of: leader) }
        let received = try await withThrowingTaskGroup(of: Received.self) { group in
            for rank in ranks {
                group.addTask {
                    try await Self.run(rank, jobs, done: ["job 3", "job 7"]) { job in
                        tally.add(rank.place.rank)
                        try await Task.sleep(for: .milliseconds(100))
                        return Data(job.utf8)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        expect(received, areOf: jobs.filter { $0 != "job 3" && $0 != "job 7" })
        #expect(tally.counts.count == 3)
        #expect(tally.counts.values.reduce(0, +) == 28)
    }

    @Test func aLeaderWhomNobodyJoinsDoesAll() async throws {
        var times = Self.patient
        times.arrivalSeconds = 0.2
        let leader = try Self.leader(of: 3, times: times)
        expect(try await Self.run(leader, Self.jobs(5)), areOf: Self.jobs(5))
    }

    @Test func nothingOutstandingEndsAtOnce() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        async let other = Self.run(follower, ["a"])
        #expect(try await Self.run(leader, ["a"], done: ["a"]).isEmpty)
        #expect(try await other.isEmpty)
    }

    @Test func theWorkOfARankThatDiesIsDoneByAnother() async throws {
        let leader = try Self.leader(of: 3, times: Self.hasty)
        let dying = try Self.follower(1, of: leader, times: Self.hasty)
        let living = try Self.follower(2, of: leader, times: Self.hasty)
        let taken = Signal()
        let death = Task {
            try await Self.run(dying, Self.jobs(6)) { _ in
                dying.pulse.stop()
                taken.give()
                try await Task.sleep(for: .seconds(1000))
                return Data()
            }
        }
        let perform: @Sendable (String) async throws -> Data = { job in
            try await taken.wait()
            return Data(job.utf8)
        }
        async let received = Self.run(leader, Self.jobs(6), perform: perform)
        async let other = Self.run(living, Self.jobs(6), perform: perform)
        expect(try await received, areOf: Self.jobs(6))
        #expect(try await other.isEmpty)
        death.cancel()
        await #expect(throws: (any Error).self) { try await death.value }
    }

    @Test func whatASlowRankHandsInLateDoesNoHarm() async throws {
        let leader = try Self.leader(of: 2, times: Self.hasty)
        let slow = try Self.follower(1, of: leader, times: Self.hasty)
        let taken = Signal()
        let late = Signal()
        let lateness = Task {
            try await Self.run(slow, Self.jobs(3)) { job in
                slow.pulse.stop()
                taken.give()
                try await late.wait()
                return Data(job.utf8)
            }
        }
        let tally = Tally()
        // The last of three jobs is the slow rank's own, once more; it comes in while that is done.
        let received = try await Self.run(leader, Self.jobs(3)) { job in
            try await taken.wait()
            if tally.add(0) == 3 {
                late.give()
                try await Task.sleep(for: .seconds(1))
            }
            return Data(job.utf8)
        }
        expect(received, areOf: Self.jobs(3))
        lateness.cancel()
        _ = await lateness.result
    }

    @Test func aCancelledRankGivesItsJobBackAtOnce() async throws {
        let leader = try Self.leader(of: 2)
        let leaving = try Self.follower(1, of: leader)
        let taken = Signal()
        let left = Task {
            try await Self.run(leaving, Self.jobs(2)) { _ in
                taken.give()
                try await Task.sleep(for: .seconds(1000))
                return Data()
            }
        }
        let received = try await Self.run(leader, Self.jobs(2)) { job in
            try await taken.wait()
            left.cancel()
            return Data(job.utf8)
        }
        expect(received, areOf: Self.jobs(2))
        await #expect(throws: CancellationError.self) { try await left.value }
    }

    @Test func aRankWhoseJobIsStoppedGivesItBack() async throws {
        let leader = try Self.leader(of: 2)
        let leaving = try Self.follower(1, of: leader)
        let taken = Signal()
        let left = Task {
            try await Self.run(leaving, Self.jobs(2)) { _ in
                taken.give()
                throw CancellationError()
            }
        }
        let received = try await Self.run(leader, Self.jobs(2)) { job in
            try await taken.wait()
            return Data(job.utf8)
        }
        expect(received, areOf: Self.jobs(2))
        await #expect(throws: CancellationError.self) { try await left.value }
    }

    @Test func aLeaderWhoseJobIsStoppedEndsAll() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        let taken = Signal()
        async let other: Void = expectSentence("Rank 0 was stopped") {
            try await Self.run(follower, Self.jobs(2)) { _ in
                taken.give()
                try await Task.sleep(for: .seconds(1000))
                return Data()
            }
        }
        let stopped = Task {
            try await Self.run(leader, Self.jobs(2)) { _ in
                try await taken.wait()
                throw CancellationError()
            }
        }
        await #expect(throws: CancellationError.self) { try await stopped.value }
        await other
    }

    @Test func resultsAreReceivedWhileTheLeaderIsBusy() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        let (taken, others) = (Signal(), Signal())
        async let nothing = Self.run(follower, Self.jobs(5)) { job in
            try await taken.wait()
            return Data(job.utf8)
        }
        var received: Received = []
        try await leader.run(jobs: Self.jobs(5)) { job in
            taken.give()
            while !others.isGiven { Self.holdThread(seconds: 0.01) }
            return Data(job.utf8)
        } receive: {
            received.append(($0, $1))
            if received.count == 4 { others.give() }
        }
        expect(received, areOf: Self.jobs(5))
        #expect(try await nothing.isEmpty)
    }

    @Test func aJobThatThrowsEndsAllWithItsSentence() async throws {
        let leader = try Self.leader(of: 3)
        let (failing, waiting) = (
            try Self.follower(1, of: leader), try Self.follower(2, of: leader)
        )
        let sentence = "expected a model, got a stone; choose another."
        let idle: @Sendable (String) async throws -> Data = { _ in
            try await Task.sleep(for: .seconds(1000))
            return Data()
        }
        async let first: Void = expectSentence(sentence) {
            try await Self.run(leader, Self.jobs(3), perform: idle)
        }
        async let second: Void = expectSentence(sentence) {
            try await Self.run(failing, Self.jobs(3)) { _ in throw EvaluationError(sentence) }
        }
        async let third: Void = expectSentence(sentence) {
            try await Self.run(waiting, Self.jobs(3), perform: idle)
        }
        _ = await (first, second, third)
    }

    @Test func whatWasDoneWhenAJobFailedIsReceived() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        let taken = Signal()
        async let other: Void = expectSentence("a stone") {
            try await Self.run(follower, Self.jobs(2)) { _ in
                try await taken.wait()
                throw EvaluationError("a stone")
            }
        }
        var received: Received = []
        await #expect(throws: EvaluationError.self) {
            try await leader.run(jobs: Self.jobs(2)) { job in
                taken.give()
                while !Task.isCancelled { Self.holdThread(seconds: 0.01) }
                return Data(job.utf8)
            } receive: {
                received.append(($0, $1))
            }
        }
        #expect(received.count == 1)
        await other
    }

    @Test func anErrorOfTheSystemReadsAsASentence() {
        let file = URL(fileURLWithPath: "/no such folder/result")
        let error = #expect(throws: (any Error).self) { try Data([1]).write(to: file) }
        let sentence = error?.sentence ?? ""
        #expect(!sentence.isEmpty && !sentence.contains("Error Domain"), "\(sentence)")
        #expect(EvaluationError("Choose.").sentence == "Choose.")
        #expect((CancellationError() as any Error).sentence == "CancellationError()")
    }

    @Test func aRunThatFailedIsNoMistakeOfTheInput() {
        #expect(throws: EvaluationError("lost", isFailure: true)) {
            try Ending(failure: "lost").check()
        }
    }

    @Test func whatTheLeaderCannotReceiveEndsAll() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        async let other: Void = expectSentence("the disk is full") {
            try await Self.run(follower, Self.jobs(3))
        }
        await expectSentence("the disk is full") {
            try await leader.run(jobs: Self.jobs(3), perform: { Data($0.utf8) }) { _, _ in
                throw EvaluationError("the disk is full")
            }
            return []
        }
        await other
    }

    @Test func aLeaderThatIsStoppedEndsAll() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        let taken = Signal()
        let stopped = Task {
            try await Self.run(leader, Self.jobs(2)) { _ in
                taken.give()
                try await Task.sleep(for: .seconds(1000))
                return Data()
            }
        }
        await expectSentence("Rank 0 was stopped") {
            try await Self.run(follower, Self.jobs(2)) { _ in
                try await taken.wait()
                stopped.cancel()
                try await Task.sleep(for: .seconds(1000))
                return Data()
            }
        }
        await #expect(throws: CancellationError.self) { try await stopped.value }
    }

    @Test func resultsOfTwentyMegabytesArriveWhole() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader)
        let perform: @Sendable (String) async throws -> Data = { Self.large($0) }
        async let other = Self.run(follower, Self.jobs(3), perform: perform)
        let received = try await Self.run(leader, Self.jobs(3), perform: perform)
        #expect(received.count == 3)
        for (job, result) in received { #expect(result == Self.large(job)) }
        #expect(try await other.isEmpty)
    }

    @Test func anotherPlanIsRefused() throws {
        let leader = try Self.leader(of: 2, plan: "a1")
        let error = #expect(throws: EvaluationError.self) {
            try Self.follower(1, of: leader, plan: "b2")
        }
        #expect(
            error?.message
                == "expected rank 0's plan a1, got b2 on rank 1; start all ranks with the same "
                + "command.")
    }

    @Test func aStoreThatIsLostEndsTheOthers() async throws {
        var leader: SharedWork? = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader!)
        let port = follower.port
        leader = nil
        await expectSentence(
            "The store at 127.0.0.1:\(port) was lost; what rank 0 had received stands in its "
                + "folder; start the same command again to go on."
        ) { try await Self.run(follower, Self.jobs(2)) }
    }

    @Test func aLeaderThatFallsSilentEndsTheOthers() async throws {
        let leader = try Self.leader(of: 2)
        let follower = try Self.follower(1, of: leader, times: Self.hasty)
        leader.pulse.stop()
        await expectSentence("Rank 0 gave no sign of life for 4.0 s") {
            try await Self.run(follower, Self.jobs(2))
        }
        withExtendedLifetime(leader) {}
    }

    @Test func oneThatJoinsHalfWayWorks() async throws {
        let leader = try Self.leader(of: 2)
        let joined = Signal()
        async let received = Self.run(leader, Self.jobs(4)) { job in
            try await joined.wait()
            return Data(job.utf8)
        }
        let tally = Tally()
        let follower = try Self.follower(1, of: leader)
        let nothing = try await Self.run(follower, Self.jobs(4)) { job in
            if tally.add(0) == 3 { joined.give() }
            return Data(job.utf8)
        }
        #expect(nothing.isEmpty)
        expect(try await received, areOf: Self.jobs(4))
    }

    @Test func oneThatJoinsWhenAllIsDoneLeaves() async throws {
        let leader = try Self.leader(of: 2)
        let done = Signal()
        async let received = Self.run(leader, ["a"], telling: done)
        try await done.wait()
        let follower = try Self.follower(1, of: leader)
        #expect(try await Self.run(follower, ["a"]) { _ in throw CancellationError() }.isEmpty)
        expect(try await received, areOf: ["a"])
    }

    @Test func oneThatFindsNoLeaderIsTold() throws {
        var times = Self.patient
        times.joinSeconds = 0.5
        let place = RankPlace(rank: 1, count: 2, address: "127.0.0.1", port: 1)
        let error = #expect(throws: EvaluationError.self) {
            try SharedWork(place, plan: "plan", times: times)
        }
        #expect(
            error?.message.hasPrefix("expected rank 0 at the store 127.0.0.1:1 within 0.5 s")
                == true)
    }
}

/// What one task gives and others wait for.
private final class Signal: Sendable {
    private let state = Atomic(false)

    var isGiven: Bool { state.load(ordering: .acquiring) }

    func give() { state.store(true, ordering: .releasing) }

    func wait() async throws {
        while !isGiven { try await Task.sleep(for: .milliseconds(10)) }
    }
}

/// How many jobs each rank has begun.
private final class Tally: Sendable {
    private let state = Mutex<[Int: Int]>([:])

    var counts: [Int: Int] { state.withLock { $0 } }

    /// Adds one, and returns how many it makes of this rank.
    @discardableResult
    func add(_ rank: Int) -> Int {
        state.withLock { counts in
            counts[rank, default: 0] += 1
            return counts[rank, default: 0]
        }
    }
}
