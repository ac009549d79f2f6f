import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import EditServer

/// Clients that go on sending what is answered already, on a channel whose time the test makes go by.
@Suite struct LateBodyTests {
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(handler: LateBodyHandler(patience: .seconds(30)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
    }

    private func begin() throws {
        let head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")
        try channel.writeInbound(HTTPRequestPart.head(head))
    }

    private func send() throws {
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
    }

    private func end() throws { try channel.writeInbound(HTTPRequestPart.end(nil)) }

    private func answer() throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .unauthorized)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    private func wait(_ seconds: Int64) {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    @Test func aBodyThatNobodyWaitsForIsCutOff() throws {
        try begin()
        try answer()
        for _ in 0..<29 {
            wait(1)
            try send()
        }
        #expect(channel.isActive)
        wait(2)
        #expect(!channel.isActive)
    }

    @Test func whatComesToItsEndIsLeftAlone() throws {
        try begin()
        try answer()
        wait(29)
        try end()
        wait(3_600)
        #expect(channel.isActive)
    }

    @Test func aBodyThatIsStillReadIsNot() throws {
        try begin()
        wait(3_600)
        try end()
        try answer()
        wait(3_600)
        #expect(channel.isActive)
    }

    @Test func theNextRequestIsNotTakenForTheRestOfTheLast() throws {
        try begin()
        try end()
        try begin()
        try answer()
        wait(31)
        #expect(channel.isActive)
        try answer()
        wait(31)
        #expect(!channel.isActive)
    }
}
