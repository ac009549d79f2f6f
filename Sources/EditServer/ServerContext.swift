import Foundation
package import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization

/// What belongs to one request.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who asks; everybody until the tokens have been looked at.
    var caller = Caller.nobody
    /// When the request came.
    let start = ContinuousClock.now
    private let channel: any Channel

    package init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Tells when the client hangs up; nil where nobody listens for that, as in tests without a
    /// network.
    func departure() async -> Departure? {
        try? await channel.pipeline.handler(type: DepartureHandler.self).map(\.departure).get()
    }
}

/// Whether the client of a connection has hung up, and who wants to know.
final class Departure: Sendable {
    private struct State {
        var isGone = false
        var listeners: [Int: @Sendable () -> Void] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Calls `action` when the client is gone, at once where it is already.
    ///
    /// - Returns: what `forget` takes.
    func whenGone(_ action: @escaping @Sendable () -> Void) -> Int {
        let (isGone, id) = state.withLock { state in
            state.next += 1
            if !state.isGone { state.listeners[state.next] = action }
            return (state.isGone, state.next)
        }
        if isGone { action() }
        return id
    }

    func forget(_ id: Int) { state.withLock { $0.listeners[id] = nil } }

    func happen() {
        let listeners = state.withLock { state in
            state.isGone = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        listeners.forEach { $0() }
    }
}

/// Notices when a client closes its side. A client that sends nothing more is taken to be gone, as
/// proxies do: it could not be told from one that closed both sides.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    let departure = Departure()

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { departure.happen() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        departure.happen()
        context.fireChannelInactive()
    }
}
