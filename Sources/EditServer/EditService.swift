import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOFoundationCompat
import Synchronization

/// Everything that routes need: the models, the engine that answers, who may do what.
struct EditService: Sendable {
    let settings: ServerSettings
    let tenants: Tenants
    let engine: ServingEngine
    let doorkeeper: Doorkeeper
    let meters: Meters
    let traffic: Traffic
    let chores: Chores
    /// Nil where this server follows no other.
    var follower: Follower?
    /// How many requests that change a model may wait for each other.
    let changes = Gate(limit: 32)
    let began = Int(Date.now.timeIntervalSince1970)

    /// Whose model the caller sees.
    func tenant(_ context: ServerContext) async throws -> Tenant {
        let name = context.caller.tenant
        let isKnown = name.map(doorkeeper.tenants.contains) ?? true
        guard let tenant = try await tenants.find(name, isKnown: isKnown) else {
            throw APIError(
                .notFound,
                "expected a tenant that there is, got another; make a token for it first.",
                param: "Errata-Tenant", code: "tenant_not_found")
        }
        return tenant
    }

    /// What a request names as its model: `NAME` for the current version, `NAME@VERSION`.
    ///
    /// - Throws: `APIError` for what there is not: never another one instead.
    func version(named text: String, of tenant: Tenant) throws -> ServedVersion {
        guard text != settings.modelName else { return tenant.versions.current }
        // The model's own name may have an @ in it.
        let beginning = settings.modelName + "@"
        guard text.hasPrefix(beginning) else {
            throw missing(text, "the model `\(settings.modelName)`")
        }
        let name = String(text.dropFirst(beginning.count))
        guard let version = tenant.versions.version(named: name) else {
            let kept = tenant.versions.all.map(\.name).joined(separator: ", ")
            throw missing(text, "one of the versions that are kept (\(kept))")
        }
        return version
    }

    private func missing(_ text: String, _ expected: String) -> APIError {
        APIError(
            .notFound, "expected \(expected), got `\(text)`; GET /v1/models lists what there is.",
            param: "model", code: "model_not_found")
    }

    /// What an answer calls the model that gave it.
    func name(of version: ServedVersion) -> String {
        "\(settings.modelName)@\(version.name)"
    }

    /// When an answer that begins now comes too late.
    var deadline: ContinuousClock.Instant { .now + .seconds(settings.answerSeconds) }

    /// The body of a request as `Body`.
    ///
    /// - Throws: `APIError` or `DecodingError` for a body that is too large, too slow, or no such.
    func body<Body: Decodable & Sendable>(
        _: Body.Type, of request: Request
    ) async throws -> Body {
        if let type = request.headers[.contentType],
            !type.lowercased().hasPrefix("application/json")
        {
            throw APIError(
                .unsupportedMediaType,
                "expected a body of the type application/json, got another; send JSON.",
                code: "unsupported_media_type")
        }
        return try await JSONDecoder().decode(Body.self, from: bytes(of: request))
    }

    /// The body of a request, whatever it is.
    ///
    /// - Throws: `APIError` or `NIOTooManyBytesError` for one that is too slow or too large.
    func bytes(of request: Request) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap(Int.init),
            length > settings.maximumBodyBytes
        {
            throw NIOTooManyBytesError(maxBytes: settings.maximumBodyBytes)
        }
        let limit = settings.maximumBodyBytes
        return try await within(settings.bodySeconds) {
            try await request.body.collect(upTo: limit)
        }
    }

    /// Runs `body`, but no longer than `seconds`.
    private func within<Result: Sendable>(
        _ seconds: Double, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw APIError(
                    .requestTimeout, "expected the body sooner; send it without pauses.",
                    code: "body_too_slow")
            }
            defer { group.cancelAll() }
            return try await group.next()!
        }
    }
}

/// Lets a number of people in, and sends the others away.
final class Gate: Sendable {
    private let limit: Int
    private let inside = Mutex(0)

    init(limit: Int) { self.limit = limit }

    func pass<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let isOpen = inside.withLock { inside in
            guard inside < limit else { return false }
            inside += 1
            return true
        }
        guard isOpen else {
            throw APIError(
                .tooManyRequests,
                "expected fewer changes at once, but \(limit) wait already; ask again later.",
                type: .rateLimit, code: "queue_full", retryAfter: 5)
        }
        defer { inside.withLock { $0 -= 1 } }
        return try await body()
    }
}
