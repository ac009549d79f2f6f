import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client goes on sending the body of a request that is answered already.
///
/// Such an answer says why the body was not wanted: without a token, too large, to a path there is
/// not. What is left of it is read and thrown away, and since every byte counts as a sign of life, a
/// client could hold its connection so for as long as it likes.
final class LateBodyHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart

    /// How long the rest may take.
    private let patience: TimeAmount
    /// Requests that have begun and are not answered to the end: the next may come before that.
    private var unanswered = 0
    /// Whether the latest of them has not arrived to its end.
    private var isArriving = false
    private var watch: Scheduled<Void>?

    init(patience: TimeAmount) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isArriving = true
        case .body: break
        case .end:
            isArriving = false
            stop()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered == 0, isArriving {
                watch = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
                    context.close(promise: nil)
                }
            }
        }
        context.write(data, promise: promise)
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
}
