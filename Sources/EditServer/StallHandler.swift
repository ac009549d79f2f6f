import NIOCore

/// Closes a connection whose client stops reading: its answer would be held for it for ever, and a
/// server that shuts down would wait for it.
///
/// While a connection can take no more, what it holds has to get less.
final class StallHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// How long it may hold the same.
    private let patience: TimeAmount
    /// How long the slowest of clients may go on reading once the server shuts down.
    private let grace: TimeAmount
    private var end = NIODeadline.distantFuture
    private var watch: Scheduled<Void>?

    init(patience: TimeAmount, grace: TimeAmount) {
        self.patience = patience
        self.grace = grace
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stop()
        if !context.channel.isWritable { look(at: context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { end = context.eventLoop.now + grace }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        watch?.cancel()
        watch = nil
    }

    /// Comes back when there has to be less to write than now.
    private func look(at context: ChannelHandlerContext) {
        let held = Self.heldBytes(context.channel)
        let next = min(context.eventLoop.now + patience, end)
        watch = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            self.watch = nil
            if Self.heldBytes(context.channel) < held, context.eventLoop.now < self.end {
                self.look(at: context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private static func heldBytes(_ channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
