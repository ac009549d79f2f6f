import Edits
import Errata
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import EditServer

/// A copy of a server's model, made over its routes.
@Suite(.serialized) struct FollowTests {
    /// Asks the server of `caller` for pieces of its log.
    private static func fetch(
        _ piece: Mirror.Piece, from caller: TestCaller,
        changing: @Sendable (Mirror.Piece, Data) -> Data = { $1 }
    ) async throws -> Data {
        let path =
            switch piece {
            case .events(let after): "/v1/replica/events?after=\(after)"
            case .snapshot(let digest, let offset):
                "/v1/replica/snapshots/\(digest)?offset=\(offset)"
            }
        let answer = try await caller.client.execute(uri: path, method: .get)
        #expect(answer.status == .ok)
        return changing(piece, Data(answer.body.readableBytesView))
    }

    private static func opened(_ copy: URL) throws -> EditableModel {
        var options = ModelOptions()
        (options.threads, options.keptVersions) = (1, 4)
        return try EditableModel(opening: copy, options: options)
    }

    private static func says(_ model: EditableModel, _ prompt: String) async throws -> String {
        try await model.ask(prompt).after.text.trimmingCharacters(in: .whitespaces)
    }

    /// The writer, the copy of what it was taught, the first of two edits, and the model opened there.
    private struct Pair {
        let caller: TestCaller
        let mirror: Mirror
        let model: EditableModel
        let edits: [EditRecord]

        func pull() async throws {
            try await mirror.pull { try await FollowTests.fetch($0, from: caller) }
        }
    }

    private func test(_ body: @Sendable (Pair) async throws -> Void) async throws {
        let server = try await TestServer(method: .elder(.default))
        let edits = try TestServer.edits(0..<2)
        let copy = server.folder.appending(path: "copy")
        let mirror = Mirror(copy, base: TestServer.model)
        try await server.test { caller in
            _ = try await caller.apply([edits[0]])
            try await mirror.pull { try await Self.fetch($0, from: caller) }
            try await body(
                Pair(
                    caller: caller, mirror: mirror, model: try Self.opened(copy), edits: edits))
        }
    }

    @Test func aCopyAnswersAsItsWriter() async throws {
        try await test { pair in
            let (caller, model, edits) = (pair.caller, pair.model, pair.edits)
            #expect(try await Self.says(model, edits[0].prompt) == edits[0].target)
            #expect(try await !model.follow())
            let before = model.versions.current
            _ = try await caller.apply([edits[1]])
            try await pair.pull()
            #expect(try await model.follow())
            #expect(try await Self.says(model, edits[1].prompt) == edits[1].target)
            // The version that was is still there for those who are answered by it.
            #expect(model.versions.version(named: before.name) != nil)
            _ = try await caller.send(.delete, "/v1/edits/\(edits[0].id)")
            try await pair.pull()
            #expect(try await model.follow())
            #expect(try await Self.says(model, edits[0].prompt) != edits[0].target)
        }
    }

    @Test func whatIsDamagedOnTheWayIsRefused() async throws {
        try await test { pair in
            let (caller, model, edits) = (pair.caller, pair.model, pair.edits)
            _ = try await caller.apply([edits[1]])
            // The file comes before the events that need it.
            await #expect(throws: (any Error).self) {
                try await pair.mirror.pull {
                    try await Self.fetch($0, from: caller) { piece, data in
                        guard case .snapshot = piece else { return data }
                        return Data(data.map { $0 ^ 1 })
                    }
                }
            }
            await #expect(throws: (any Error).self) {
                try await pair.mirror.pull {
                    try await Self.fetch($0, from: caller) { piece, data in
                        guard case .events = piece else { return data }
                        let text = String(decoding: data, as: UTF8.self)
                        return Data(text.replacing(edits[1].target, with: "Nowhere").utf8)
                    }
                }
            }
            #expect(try await !model.follow())
            #expect(try await Self.says(model, edits[0].prompt) == edits[0].target)
            try await pair.pull()
            #expect(try await model.follow())
            #expect(try await Self.says(model, edits[1].prompt) == edits[1].target)
        }
    }

    @Test func aDamagedTenantKeepsNoOtherFromBeingFollowed() async throws {
        let server = try await TestServer()
        for name in ["north", "south"] {
            _ = try #require(try await server.tenants.find(name, isKnown: true))
        }
        let copy = server.folder.appending(path: "copy")
        let damaged = copy.appending(path: "tenants/north")
        try FileManager.default.createDirectory(at: damaged, withIntermediateDirectories: true)
        try Data("no log".utf8).write(to: damaged.appending(path: "log.sqlite"))
        try await server.listen { address in
            let follower = Follower(
                .server(address, token: nil), base: TestServer.model, data: copy,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await follower.prepare()
            #expect(follower.standing.faults.keys.sorted() == ["north"])
            var options = ModelOptions()
            options.threads = 1
            var source = Tenants.Source(base: TestServer.model, data: copy, options: options)
            source.isReadOnly = true
            let tenants = try await Tenants(source)
            follower.begin(tenants)
            await follower.look()
            #expect(follower.standing.faults.keys.sorted() == ["north"])
            #expect(tenants.all.map(\.name) == [nil, "south"])
        }
    }

    @Test func anotherHistoryIsNoCopy() async throws {
        let server = try await TestServer()
        let other = try await TestServer()
        let edits = try TestServer.edits(0..<3)
        let mirror = Mirror(server.folder.appending(path: "copy"), base: TestServer.model)
        try await server.test { caller in
            _ = try await caller.apply([edits[0]])
            try await mirror.pull { try await Self.fetch($0, from: caller) }
        }
        try await other.test { caller in
            await #expect(throws: ErrataError.self) {
                try await mirror.pull { try await Self.fetch($0, from: caller) }
            }
            _ = try await caller.apply([edits[1]])
            _ = try await caller.apply([edits[2]])
            await #expect(throws: (any Error).self) {
                try await mirror.pull { try await Self.fetch($0, from: caller) }
            }
        }
    }
}
