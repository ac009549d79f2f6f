import Edits
import Errata
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import EditServer

/// A server on the embedded model, without a network, and a folder that is gone when it is.
final class TestServer: Sendable {
    static let model = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Models/world-gpt2").standardizedFileURL
    static let name = "world-gpt2"

    let folder = FileManager.default.temporaryDirectory
        .appending(path: "errata-server-\(UUID().uuidString)")
    let tenants: Tenants
    private let server: EditServer
    /// Tokens by the name of their bearer.
    let secrets: [String: String]

    /// - Parameters:
    ///   - tokens: who may do what; nil for a server without tokens.
    ///   - method: what edits: by default the one that learns nothing and puts edits before prompts.
    ///   - rows: how many continuations grow at once.
    init(
        tokens: [(name: String, roles: [Role], tenant: String?)]? = nil,
        method: Editor = Editor("retrieval", replacing: ["samples": "16"]),
        base: URL = TestServer.model, rows: Int = 64,
        change: (inout ServerSettings) -> Void = { _ in }
    ) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var options = ModelOptions()
        (options.threads, options.keptVersions) = (1, 4)
        tenants = try await Tenants(
            Tenants.Source(
                base: base, data: folder.appending(path: "data"), options: options,
                editor: method))
        var settings = ServerSettings(modelName: Self.name)
        var secrets: [String: String] = [:]
        if let tokens {
            var file = TokenFile()
            for (name, roles, tenant) in tokens {
                let made = try AccessToken.make(name: name, roles: roles, tenant: tenant)
                secrets[name] = made.secret
                try file.add(made.token)
            }
            settings.tokens = folder.appending(path: "tokens.json")
            try file.write(to: settings.tokens!)
        }
        change(&settings)
        self.secrets = secrets
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var engine = ServingEngine.Options()
        engine.maximumRows = rows
        server = try await EditServer(
            tenants, settings: settings, engine: engine, logger: logger)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func test<Value>(
        _ body: @Sendable (TestCaller) async throws -> Value
    ) async throws -> Value {
        try await server.application().test(.router) { client in
            try await body(TestCaller(client: client, secrets: secrets))
        }
    }

    /// Lets it listen on this machine.
    func listen<Value>(
        _ body: @Sendable (_ address: URL) async throws -> Value
    ) async throws -> Value {
        try await server.application().test(.live) { client in
            try await body(URL(string: "http://localhost:\(client.port!)")!)
        }
    }

    var router: Router<ServerContext> { server.router() }
    var service: EditService { server.service }

    /// Corrections for the embedded model.
    static func edits(_ range: Range<Int>) throws -> [EditRecord] {
        let data = try Data(contentsOf: model.appending(path: "edits.jsonl"))
        return try Array(EditRecord.decode(jsonLines: data)[range]).map {
            var edit = $0
            (edit.rephrases, edit.locality) = ([], [])
            return edit
        }
    }
}

/// Somebody who sends requests.
struct TestCaller: Sendable {
    let client: any TestClientProtocol
    let secrets: [String: String]

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        /// What the answer's JSON has at this place.
        subscript(_ keys: String...) -> Any? {
            var value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            for key in keys {
                value =
                    Int(key).map { (value as? [Any])?[$0] } ?? (value as? [String: Any])?[key]
            }
            return value
        }

        var code: String? { self["error", "code"] as? String }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, as name: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        if let name { headers[.authorization] = "Bearer \(secrets[name] ?? name)" }
        let answer = try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        return Answer(
            status: answer.status.code, headers: answer.headers, text: String(buffer: answer.body))
    }

    /// The greedy continuation of `prompt`.
    func complete(
        _ prompt: String, model: String = TestServer.name, as name: String? = nil
    ) async throws -> Answer {
        let body = try JSONSerialization.data(withJSONObject: [
            "model": model, "prompt": prompt, "temperature": 0, "max_tokens": 6, "errata": true,
        ])
        return try await send(
            .post, "/v1/completions", String(decoding: body, as: UTF8.self), as: name)
    }

    func apply(_ edits: [EditRecord], as name: String? = nil, key: String? = nil) async throws
        -> Answer
    {
        let records = String(decoding: try JSONEncoder().encode(edits), as: UTF8.self)
        return try await send(
            .post, "/v1/edits", #"{"edits": \#(records), "force": true}"#, as: name,
            headers: key.map { [.idempotencyKey: $0] } ?? [:])
    }
}
