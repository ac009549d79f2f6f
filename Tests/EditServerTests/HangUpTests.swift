import Errata
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import EditServer

/// Clients that leave before their answer is there.
@Suite(.serialized) struct HangUpTests {
    @Test func theFirstPromptBeginsTheAnswerAndWhoLeavesPaysForAllThatWasMade() async throws {
        let server = try await TestServer(tokens: [("asker", [.ask], nil)], rows: 2) {
            $0.usage = $0.tokens?.deletingLastPathComponent().appending(path: "usage.json")
        }
        let service = server.service
        let channel = NIOAsyncTestingChannel()
        try await channel.pipeline.addHandler(DepartureHandler()).get()
        var context = ServerContext(
            source: ApplicationRequestContextSource(
                channel: channel, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let secret = try #require(server.secrets["asker"])
        context.caller = try service.doorkeeper.caller(bearing: AccessToken.digest(of: secret))
        let version = server.tenants.own.versions.current
        var request = GenerationRequest(version.tokens(of: "The year"), version: version)
        (request.maximumTokens, request.temperature) = (40, 1)
        let conversation = try await service.converse(
            Array(repeating: request, count: 100), context)
        #expect(service.engine.load.waiting > 0)
        await #expect(throws: CancellationError.self) {
            var count = 0
            try await conversation.forEach { _ in
                count += 1
                guard count == 40 else { return }
                channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
        }
        await service.engine.stop()
        service.doorkeeper.write()
        let load = service.engine.load
        let used = try UsageRecord.read(#require(service.settings.usage))["asker"] ?? 0
        #expect(load.promptTokens < 100 * request.prompt.count)
        // All but what was on its way when they left.
        #expect(used > load.promptTokens + load.tokens / 2)
    }
}
