import NIOCore
import NIOPosix
import Testing

@testable import EditServer

/// Clients that do not read what they asked for.
@Suite struct StallTests {
    @Test(.timeLimit(.minutes(2))) func whoReadsNothingIsHungUpOn() async throws {
        let server = try await TestServer { $0.stallSeconds = 0.3 }
        // More answers than the system keeps for a client that does not read.
        let requests = String(
            repeating: "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 2_000)
        try await server.listen { port in
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(ChannelOptions.autoRead, value: false)
                .connect(host: "localhost", port: port).get()
            client.writeAndFlush(ByteBuffer(string: requests), promise: nil)
            try await client.closeFuture.get()
        }
    }
}
