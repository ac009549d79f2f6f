import Synchronization

/// Answers many requests at once, on a thread of its own: whoever comes joins those that are being
/// answered, and each step gives one more token to all of them.
///
/// Requests to different versions, of different tenants, edited and deferred ones share a step; what
/// a request gets does not depend on its company, but for the last bits of f32 arithmetic, which
/// depend on how many rows a product has.
public final class ServingEngine: Sendable {
    /// How much an engine does at once.
    public struct Options: Sendable {
        /// The most continuations that grow at once.
        public var maximumRows = 64
        /// The most requests that wait.
        public var maximumQueue = 256
        /// Threads of one operation.
        public var threads = 1

        public init() {}
    }

    public let options: Options
    private let desk: Desk
    private let bell: AsyncStream<Void>.Continuation

    /// An engine for the base model that `version` stands on.
    public init(for version: ServedVersion, options: Options = Options()) {
        self.options = options
        desk = Desk(options)
        let (calls, bell) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.bell = bell
        let loop = ServingLoop(desk, model: version.base.model)
        Task { await loop.run(calls) }
    }

    deinit { bell.finish() }

    /// Lets a request be answered.
    ///
    /// - Parameter onReading: hears, on the engine's thread, that the prompt is being read: from then on
    ///   it costs what it costs, whether or not somebody waits for it.
    /// - Returns: what comes of it. Whoever stops reading cancels the request; a stream throws
    ///   `TimeIsUp` after the deadline, and whatever stood in the way.
    /// - Throws: one sentence for a request that makes no sense, `EngineIsFull`, `EngineHasStopped`.
    public func submit(
        _ request: GenerationRequest, onReading: @escaping @Sendable () -> Void = {}
    ) throws -> AsyncThrowingStream<GenerationEvent, any Error> {
        try request.validate()
        guard 1...options.maximumRows ~= request.choices else {
            throw ErrataError(
                "expected from 1 to \(options.maximumRows) choices, got \(request.choices); ask for "
                    + "fewer.")
        }
        let (events, continuation) = AsyncThrowingStream.makeStream(of: GenerationEvent.self)
        let job = ServingJob(request, continuation, onReading: onReading)
        continuation.onTermination = { _ in job.cancel() }
        do {
            try desk.hand(in: job)
        } catch {
            continuation.finish()
            throw error
        }
        bell.yield()
        return events
    }

    /// What there is to do now, and what was done so far.
    public var load: ServingLoad { desk.load }

    /// Whether it takes no requests any more.
    public var hasStopped: Bool { desk.isClosed }

    /// Takes no more requests, and returns when those it has are answered.
    public func stop() async {
        desk.close()
        bell.yield()
        await desk.untilIdle()
        bell.finish()
    }
}

/// What an engine has to do now, and what it did so far.
public struct ServingLoad: Sendable, Equatable {
    /// Requests that wait.
    public internal(set) var waiting = 0
    /// Continuations that grow.
    public internal(set) var rows = 0
    /// Steps taken, each of one token for every continuation there was.
    public internal(set) var steps = 0
    /// Tokens these steps gave.
    public internal(set) var tokens = 0
    /// Tokens of prompts that were read.
    public internal(set) var promptTokens = 0
    /// Requests that ended, in whatever way.
    public internal(set) var finished = 0
}

/// A request with where its answer goes.
final class ServingJob: Sendable {
    let request: GenerationRequest
    let events: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    let onReading: @Sendable () -> Void
    private let isOver = Atomic(false)

    init(
        _ request: GenerationRequest,
        _ events: AsyncThrowingStream<GenerationEvent, any Error>.Continuation,
        onReading: @escaping @Sendable () -> Void
    ) {
        self.request = request
        self.events = events
        self.onReading = onReading
    }

    /// Whether nobody waits for the answer any more.
    var isCancelled: Bool { isOver.load(ordering: .relaxed) }

    func cancel() { isOver.store(true, ordering: .relaxed) }

    func isLate(at now: ContinuousClock.Instant) -> Bool {
        request.deadline.map { $0 <= now } ?? false
    }
}
