import NIOCore
import NIOEmbedded
import Testing

@testable import EditServer

/// Clients that do not read what they asked for, on a channel whose time the test makes go by.
@Suite struct StallTests {
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(
            handler: StallHandler(patience: .seconds(30), grace: .seconds(150)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
        // What is written and not flushed is what the client has not read.
        channel.write(ByteBuffer(string: "an answer"), promise: nil)
    }

    private func fill(_ isFull: Bool = true) {
        channel.isWritable = !isFull
        channel.pipeline.fireChannelWritabilityChanged()
    }

    private func wait(_ seconds: Int64) {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    @Test func whoReadsNothingIsHungUpOn() {
        fill()
        wait(29)
        #expect(channel.isActive)
        wait(2)
        #expect(!channel.isActive)
    }

    @Test func whoReadsOnIsNot() {
        fill()
        wait(29)
        channel.flush()
        wait(2)
        #expect(channel.isActive)
        fill(false)
        wait(3_600)
        #expect(channel.isActive)
    }

    @Test func aServerThatShutsDownWaitsForSlowReadersOnlySoLong() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        wait(149)
        fill()
        wait(2)
        #expect(!channel.isActive)
    }

    @Test func aConnectionThatTakesMoreIsLeftAlone() {
        wait(3_600)
        #expect(channel.isActive)
    }
}
