import Errata
import Logging
import ServiceLifecycle
import Synchronization

/// Work that nobody waits for, and that a shutdown may cut off since it can be done again.
final class Chores: ServiceLifecycle.Service, Sendable {
    private struct State {
        var running = 0
        var isStopping = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// Does `body` beside everything else.
    func begin(_ body: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.running += 1 }
        Task {
            do {
                try await body()
            } catch is CancellationError {
            } catch {
                logger.error("a chore failed", metadata: ["kind": "\(type(of: error))"])
            }
            let waiting = state.withLock { state in
                state.running -= 1
                guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            waiting.forEach { $0.resume() }
        }
    }

    /// - Throws: `CancellationError` once the server shuts down.
    func check() throws {
        if state.withLock({ $0.isStopping }) { throw CancellationError() }
    }

    /// Lets work go on until the server shuts down, and waits for what is being done then.
    func run() async throws {
        try? await gracefulShutdown()
        state.withLock { $0.isStopping = true }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.running > 0 { state.waiting.append(continuation) }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}

/// The engine as a service: it ends when what it has been asked is answered.
struct EngineService: ServiceLifecycle.Service {
    let service: EditService

    func run() async throws {
        try? await gracefulShutdown()
        await service.engine.stop()
        service.doorkeeper.write()
    }
}
