/// How long ranks wait for one another, in seconds; the same on all of them.
package struct WorkTimes: Equatable, Sendable {
    /// A rank without a sign of life for so long counts as dead; so does a store without an answer,
    /// which has 10 s at least.
    package var heartbeatSeconds: Double
    /// How long a rank waits for the store, and for rank 0 to say what is to be done.
    package var joinSeconds: Double
    /// How long after its own start rank 0 stays, when all is done, for ranks that have not come yet.
    package var arrivalSeconds: Double

    /// Times that suit a cluster.
    package init(
        heartbeatSeconds: Double = 30, joinSeconds: Double = 120, arrivalSeconds: Double = 30
    ) {
        self.heartbeatSeconds = heartbeatSeconds
        self.joinSeconds = joinSeconds
        self.arrivalSeconds = arrivalSeconds
    }

    /// How long one call may wait for the store: a short heartbeat is no reason to take a busy
    /// machine for a lost one.
    var answerSeconds: Double { max(heartbeatSeconds, 10) }

    /// How often a rank gives a sign of life and looks for those of others.
    var beat: Duration { .seconds(min(1, heartbeatSeconds / 10)) }

    /// How often a rank looks for work and results.
    var poll: Duration { min(beat, .milliseconds(50)) }
}

/// Whether a count that should grow has stood still for too long.
struct Watch {
    // This clock rests while the machine does: nobody is dead because a lid was closed.
    private var lastChange = SuspendingClock.now
    private var lastCount: Int?

    /// Notes `count` and tells whether it has been the same for longer than `limit`.
    mutating func isSilent(at count: Int, for limit: Duration) -> Bool {
        let now = SuspendingClock.now
        if count != lastCount { (lastCount, lastChange) = (count, now) }
        return now - lastChange > limit
    }
}
