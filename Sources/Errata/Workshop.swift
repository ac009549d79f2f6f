import Torch

/// Where edits are learned and probed, beside the model that goes on answering.
///
/// The base model is read by both and changed by neither.
actor Workshop {
    private let thread: EngineThread

    /// - Parameter givesWay: whether others are to have the cores when they want them.
    init(givesWay: Bool) {
        thread = EngineThread("errata.workshop", niceness: givesWay ? 10 : 0)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// Runs `body` on the workshop's own thread, with `threads` for one operation.
    func run<Result>(
        threads: Int, _ body: @Sendable () throws -> Result
    ) throws -> Handover<Result> {
        try Engine.setThreads(threads)
        return Handover(try body())
    }
}

/// A value that changes hands: whoever gives it does not use it any more, or only reads it.
///
/// Tensors are not `Sendable`, since nothing keeps two threads from changing one; this says where
/// nothing does.
struct Handover<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
