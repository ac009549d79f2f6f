import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Synchronization
import Testing

@testable import EditServer

/// Who may do what.
@Suite(.serialized) struct AccessTests {
    private static let all: [(name: String, roles: [Role], tenant: String?)] = [
        ("asker", [.ask], nil), ("proposer", [.propose], nil), ("approver", [.approve], nil),
        ("both", [.propose, .approve], nil), ("admin", [.admin], nil),
    ]

    @Test func eachRoleIsRefusedWhatItMayNotDo() async throws {
        let server = try await TestServer(tokens: Self.all)
        let prompt = #"{"prompt": "Toburg"}"#
        // What each request needs, and who may send it.
        let requests: [(HTTPRequest.Method, String, String?, Set<String>)] = [
            (.post, "/v1/completions", #"{"model": "world-gpt2", "prompt": "a"}"#, ["asker"]),
            (
                .post, "/v1/chat/completions",
                #"{"model": "world-gpt2", "messages": [{"role": "user", "content": "a"}]}"#,
                ["asker"]
            ),
            (.post, "/v1/explain", prompt, ["asker", "proposer", "approver", "both"]),
            (.get, "/v1/models", nil, ["asker", "proposer", "approver", "both"]),
            (.get, "/v1/edits", nil, ["proposer", "approver", "both"]),
            (.get, "/v1/edits/nobody", nil, ["proposer", "approver", "both"]),
            (.post, "/v1/edits", #"{"edits": []}"#, ["proposer", "approver", "both"]),
            (.delete, "/v1/edits/nobody", nil, ["approver", "both"]),
            (.post, "/v1/edits/1/approve", nil, ["approver", "both"]),
            (.post, "/v1/edits/1/decline", nil, ["approver", "both"]),
            (.get, "/v1/replica/tenants", nil, []),
            (.get, "/v1/replica/events", nil, []),
            (.get, "/metrics", nil, []),
        ]
        try await server.test { caller in
            for (method, path, body, allowed) in requests {
                for (name, _, _) in Self.all {
                    let answer = try await caller.send(method, path, body, as: name)
                    let mayDoIt = allowed.contains(name) || name == "admin"
                    #expect((answer.status != 403) == mayDoIt, "\(name) \(path) \(answer.status)")
                }
                let nobody = try await caller.send(method, path, body)
                #expect(nobody.status == 401 && nobody.code == "missing_token")
                let stranger = try await caller.send(method, path, body, as: "errata-123")
                #expect(stranger.status == 401 && stranger.code == "invalid_api_key")
            }
        }
    }

    @Test func theProposerCannotApprove() async throws {
        let server = try await TestServer(tokens: Self.all) { $0.needsApproval = true }
        let edit = try TestServer.edits(0..<1)
        try await server.test { caller in
            let proposed = try await caller.apply(edit, as: "both", key: "one")
            #expect(proposed.status == 202 && proposed["state"] as? String == "proposed")
            let id = proposed["proposal"] as? Int ?? 0
            #expect(
                try await caller.complete(edit[0].prompt, as: "asker").headers[.errataTrace]?
                    .contains("deferred") == true)
            let own = try await caller.send(.post, "/v1/edits/%23\(id)/approve", as: "both")
            #expect(own.status == 403 && own.code == "own_proposal")
            let listed = try await caller.send(.get, "/v1/edits?state=proposed", as: "approver")
            #expect(listed["data", "0", "event"] as? Int == id)
            #expect(listed["data", "0", "id"] as? String == "#\(id)")
            let made = try await caller.send(
                .post, "/v1/edits/\(id)/approve", #"{"reason": "right", "force": true}"#,
                as: "approver")
            #expect(made.status == 200, "\(made.text)")
            let again = try await caller.apply(edit, as: "both", key: "one")
            #expect(again.status == 200 && again["state"] as? String == "live", "\(again.text)")
            let found = try await caller.send(.get, "/v1/edits/\(edit[0].id)", as: "approver")
            #expect(found["author"] as? String == "approver")
            #expect(found["proposal"] as? Int == id)
            #expect(
                try await caller.send(.post, "/v1/edits/\(id)/approve", as: "approver").status
                    == 409)
        }
    }

    @Test func noTenantsEditEverFiresForAnother() async throws {
        let server = try await TestServer(tokens: [
            ("anna", [.ask, .propose, .approve], "north"),
            ("bert", [.ask, .propose, .approve], "south"), ("admin", [.admin], nil),
        ])
        let edits = try TestServer.edits(0..<8)
        try await server.test { caller in
            #expect(try await caller.apply(Array(edits[0..<4]), as: "anna").status == 200)
            #expect(try await caller.apply(Array(edits[4..<8]), as: "bert").status == 200)
            for (place, edit) in edits.enumerated() {
                let isAnnas = place < 4
                for (name, isOwn) in [("anna", isAnnas), ("bert", !isAnnas), ("admin", false)] {
                    let answer = try await caller.complete(edit.prompt, as: name)
                    let decision = answer["choices", "0", "errata", "decision"] as? String
                    #expect(decision == (isOwn ? "edited" : "deferred"), "\(name) \(edit.id)")
                    if !isOwn {
                        #expect(!answer.text.contains(edit.id))
                    }
                }
            }
            let north = try await caller.send(.get, "/v1/edits", as: "anna")
            #expect((north["data"] as? [Any])?.count == 4)
            #expect(north["data", "0", "tenant"] as? String == "north")
            let foreign = try await caller.send(
                .get, "/v1/edits", as: "anna", headers: [.errataTenant: "south"])
            #expect(foreign.status == 403 && foreign.code == "other_tenant")
            let seen = try await caller.send(
                .get, "/v1/edits", as: "admin", headers: [.errataTenant: "south"])
            #expect((seen["data"] as? [Any])?.count == 4)
        }
    }

    @Test func whoeverCopiesLogsCopiesEveryTenantsAndAsksNone() async throws {
        let server = try await TestServer(tokens: [
            ("anna", [.ask, .approve], "north"), ("copier", [.ask, .replicate], nil),
            ("bert", [.replicate], "south"),
        ])
        let north: HTTPFields = [.errataTenant: "north"]
        let path = "/v1/replica/events"
        try await server.test { caller in
            #expect(try await caller.apply(TestServer.edits(0..<1), as: "anna").status == 200)
            let events = try await caller.send(.get, path, as: "copier", headers: north)
            #expect(events.status == 200 && events["version"] as? Int == 3)
            let names = try await caller.send(.get, "/v1/replica/tenants", as: "copier")
            #expect((names["tenants"] as? [String])?.contains("north") == true)
            for (method, path, name) in [
                (HTTPRequest.Method.get, path, "bert"), (.get, "/v1/models", "copier"),
                (.get, "/v1/edits", "copier"),
            ] {
                let refused = try await caller.send(method, path, as: name, headers: north)
                #expect(refused.status == 403 && refused.code == "other_tenant", "\(path)")
            }
        }
    }

    @Test func figuresOfAllTenantsAreForAnAdministratorOfNone() async throws {
        let server = try await TestServer(tokens: [
            ("chief", [.admin], "north"), ("anna", [.approve], "south"), ("admin", [.admin], nil),
        ])
        try await server.test { caller in
            #expect(try await caller.send(.get, "/v1/edits", as: "anna").status == 200)
            let own = try await caller.send(.get, "/metrics", as: "chief")
            #expect(own.status == 403 && own.code == "other_tenant", "\(own.text)")
            let all = try await caller.send(.get, "/metrics", as: "admin")
            #expect(all.status == 200 && all.text.contains(#"errata_version{tenant="south"}"#))
        }
    }

    @Test func aRevokedTokenOpensNothing() async throws {
        let server = try await TestServer(tokens: Self.all)
        try await server.test { caller in
            #expect(try await caller.send(.get, "/v1/models", as: "asker").status == 200)
            let file = server.folder.appending(path: "tokens.json")
            var tokens = try TokenFile(file)
            try tokens.revoke("asker")
            try tokens.write(to: file)
            try await Task.sleep(for: .seconds(1.1))
            #expect(try await caller.send(.get, "/v1/models", as: "asker").status == 401)
        }
    }

    @Test func limitsOfATokenAreKept() async throws {
        let server = try await TestServer(tokens: Self.all)
        let file = server.folder.appending(path: "tokens.json")
        var tokens = try TokenFile(file)
        tokens.tokens[0].requestsPerMinute = 3
        tokens.tokens[4].tokensPerDay = 5
        try tokens.write(to: file)
        try await Task.sleep(for: .seconds(1.1))
        try await server.test { caller in
            var statuses: [Int] = []
            for _ in 0..<5 {
                statuses.append(try await caller.send(.get, "/v1/models", as: "asker").status)
            }
            #expect(statuses == [200, 200, 200, 429, 429])
            let last = try await caller.send(.get, "/v1/models", as: "asker")
            #expect(last.code == "rate_limit_exceeded" && last.headers[.retryAfter] != nil)
            #expect(try await caller.complete("Toburg is a city in", as: "admin").status == 200)
            let spent = try await caller.complete("Toburg is a city in", as: "admin")
            #expect(spent.status == 429 && spent.code == "insufficient_quota")
        }
    }

    @Test func whatWasUsedSurvivesARestart() async throws {
        let server = try await TestServer(tokens: Self.all)
        let file = server.folder.appending(path: "tokens.json")
        let record = server.folder.appending(path: "usage.json")
        var tokens = try TokenFile(file)
        tokens.tokens[0].tokensPerDay = 5
        try tokens.write(to: file)
        let digest = tokens.tokens[0].digest
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let first = try Doorkeeper(file, record: record, logger: quiet)
        first.spend(7, by: try first.caller(bearing: digest))
        first.write()
        let second = try Doorkeeper(file, record: record, logger: quiet)
        #expect(throws: APIError.self) { try second.caller(bearing: digest) }
        // Yesterday's tokens are not today's.
        try UsageRecord(day: UsageRecord.today - 1, tokens: ["asker": 7]).write(to: record)
        _ = try Doorkeeper(file, record: record, logger: quiet).caller(bearing: digest)
        try Data("{}".utf8).write(to: record)
        #expect(throws: ServerError.self) { try Doorkeeper(file, record: record, logger: quiet) }
    }

    @Test func aFileThatCannotBeReadAnyMoreIsSaidAndTheTokensHold() async throws {
        let server = try await TestServer(tokens: Self.all)
        let file = server.folder.appending(path: "tokens.json")
        let digest = try TokenFile(file).tokens[0].digest
        let lines = LogLines()
        let doorkeeper = try Doorkeeper(file, logger: Logger(label: "test") { _ in lines })
        try Data("{".utf8).write(to: file)
        for _ in 0..<2 { #expect(try doorkeeper.caller(bearing: digest).name == "asker") }
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("tokens.json: expected a file of tokens") == true)
    }

    @Test func aTenantIsOpenedOnce() async throws {
        let server = try await TestServer()
        async let one = server.tenants.find("north", isKnown: true)
        async let two = server.tenants.find("north", isKnown: true)
        let (first, second) = try await (one, two)
        #expect(first != nil && first?.model === second?.model)
    }

    @Test func beyondThisMachineTokensAreNeeded() throws {
        var settings = ServerSettings(modelName: "m")
        try settings.validate()
        settings.host = "0.0.0.0"
        #expect(throws: ServerError.self) { try settings.validate() }
        settings.tokens = URL(filePath: "tokens.json")
        try settings.validate()
    }

    @Test func tokensAreKeptHashed() throws {
        let made = try AccessToken.make(name: "ada", roles: [.ask])
        let file = FileManager.default.temporaryDirectory.appending(
            path: "\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        var tokens = TokenFile()
        try tokens.add(made.token)
        try tokens.write(to: file)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(!text.contains(made.secret) && text.contains(made.token.digest))
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        tokens.tokens[0].requestsPerMinute = 0
        try tokens.write(to: file)
        #expect(throws: ServerError.self) { try TokenFile(file) }
    }
}

/// Who is kept away from a server without tokens.
@Suite struct HostTests {
    private func request(
        _ method: HTTPRequest.Method, to host: String?, from origin: String? = nil
    ) -> HTTPRequest {
        var request = HTTPRequest(method: method, scheme: "http", authority: host, path: "/")
        request.headerFields[.origin] = origin
        return request
    }

    private let check = HostCheck(settings: ServerSettings(modelName: "m"))

    @Test(arguments: ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:80"])
    func thisMachineIsAnsweredByItsNames(host: String) throws {
        try check.check(request(.get, to: host))
        try check.check(request(.post, to: host))
        try check.check(request(.post, to: host, from: "http://\(host)"))
    }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80",
        "192.168.0.1:8080", "", nil,
    ])
    func anotherNameIsRefused(host: String?) {
        #expect(throws: APIError.self) { try check.check(request(.get, to: host)) }
    }

    @Test(arguments: [
        "http://evil.example", "http://localhost:3000", "http://127.0.0.1:8080", "null",
    ])
    func anotherPagesChangesAreRefused(origin: String) throws {
        let host = "localhost:8080"
        #expect(throws: APIError.self) {
            try check.check(request(.post, to: host, from: origin))
        }
        try check.check(request(.get, to: host, from: origin))
    }
}

/// Keeps what is logged.
private final class LogLines: LogHandler {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock(\.self) }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: Logging.LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
