import Edits
import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// An answer that says what went wrong, in OpenAI's shape.
struct APIError: Error {
    let status: HTTPResponse.Status
    let body: ErrorBody
    /// Seconds after which it is worth to ask again.
    var retryAfter: Int?
    /// The methods that a path has, where another was used.
    var allow: String?

    init(
        _ status: HTTPResponse.Status, _ message: String, type: ErrorBody.Kind = .invalidRequest,
        param: String? = nil, code: String? = nil, retryAfter: Int? = nil
    ) {
        self.status = status
        self.retryAfter = retryAfter
        body = ErrorBody(message: message, type: type, param: param, code: code)
    }

    init(_ status: HTTPResponse.Status, _ body: ErrorBody) {
        self.status = status
        self.body = body
    }

    /// Tells the server's own log of an error that is no fault of the caller's.
    func note(_ error: any Error, in logger: Logger) {
        guard status.code >= 500 else { return }
        // An error's words may quote a prompt, so they are for those who look for trouble.
        logger.error("failed", metadata: ["kind": "\(type(of: error))"])
        logger.debug("failed", metadata: ["error": "\(error)"])
    }

    /// Something that the log does not have.
    static func missing(_ expected: String, _ name: String) -> APIError {
        APIError(
            .notFound,
            "expected \(expected), got `\(name.prefix(80))`; GET /v1/edits lists what there is.",
            param: "id", code: "edit_not_found")
    }

    /// A value that cannot be.
    static func wrong(_ param: String, _ message: String) -> APIError {
        APIError(.badRequest, message, param: param, code: "invalid_value")
    }
}

/// `{"error": {"message", "type", "param", "code"}}`.
struct ErrorBody: Encodable {
    enum Kind: String, Encodable {
        case invalidRequest = "invalid_request_error"
        case authentication = "authentication_error"
        case permission = "permission_error"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
    }

    let message: String
    let type: Kind
    let param: String?
    let code: String?
    /// What the probes found, where edits did not pass them.
    var report: GateReport?
    /// What the edits met, where they met anything.
    var conflicts: [Conflict]?

    private enum Outer: String, CodingKey { case error }
    private enum Keys: String, CodingKey { case message, type, param, code, report, conflicts }

    func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: Outer.self)
        var values = outer.nestedContainer(keyedBy: Keys.self, forKey: .error)
        try values.encode(message, forKey: .message)
        try values.encode(type, forKey: .type)
        // OpenAI's shape has these keys always.
        try values.encode(param, forKey: .param)
        try values.encode(code, forKey: .code)
        try values.encodeIfPresent(report, forKey: .report)
        try values.encodeIfPresent(conflicts, forKey: .conflicts)
    }
}

/// The only place where errors become answers.
extension APIError {
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as RejectedEdits:
            var body = ErrorBody(
                message: error.description, type: .invalidRequest, param: nil,
                code: "edits_rejected")
            body.report = error.report
            body.conflicts = error.conflicts
            self.init(.conflict, body)
        case let error as EngineIsFull:
            self.init(
                .tooManyRequests, error.description, type: .rateLimit, code: "queue_full",
                retryAfter: error.retryAfter)
        case is TimeIsUp:
            self.init(.gatewayTimeout, "\(error)", type: .server, code: "timeout")
        case is EngineHasStopped:
            self.init(
                .serviceUnavailable, "\(error)", type: .server, code: "shutting_down",
                retryAfter: 5)
        case is CancellationError:
            self.init(
                HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"),
                "the client hung up before the answer was ready", code: "cancelled")
        case is HTTPParserError:
            self.init(
                .badRequest, "expected a request in HTTP/1.1, got something malformed.",
                code: "malformed_request")
        case is NIOTooManyBytesError:
            self.init(
                .contentTooLarge, "expected a smaller body; send fewer prompts or edits at once.",
                code: "body_too_large")
        case let error as DecodingError: self.init(decoding: error)
        case let error as HTTPError where error.status.code < 500:
            self.init(error.status, error.body ?? error.status.reasonPhrase)
        case _ where isAboutInput(error): self.init(.badRequest, "\(error)")
        default:
            self.init(
                .internalServerError,
                "something failed inside the server; the log has the request's number.",
                type: .server, code: "internal_error")
        }
    }

    private init(decoding error: DecodingError) {
        func path(_ context: DecodingError.Context) -> String? {
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return path.isEmpty ? nil : path.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            let place = path(context).map { "\($0).\(key.stringValue)" } ?? key.stringValue
            self.init(
                .badRequest, "expected `\(place)` in the body, got none.", param: place,
                code: "missing_required_parameter")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            let place = path(context)
            self.init(
                .badRequest,
                "expected `\(place ?? "the body")` to be \(Self.name(of: type)), got something else.",
                param: place, code: "invalid_type")
        case .dataCorrupted(let context):
            // An error of our own carries the better words.
            if let inner = context.underlyingError, isAboutInput(inner) {
                self.init(.badRequest, "\(inner)", param: path(context))
            } else {
                self.init(
                    .badRequest,
                    (path(context).map { "expected another value of `\($0)`: " } ?? "")
                        + "the body is not the JSON that is expected here.",
                    param: path(context), code: "invalid_json")
            }
        @unknown default: self.init(.badRequest, "the body cannot be read.")
        }
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type, is UInt64.Type: "an integer"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "a text"
        default: "\(type)".hasPrefix("Array") ? "a list" : "an object of the documented kind"
        }
    }
}

extension APIError {
    func response() -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
        if let allow { headers[.allow] = allow }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        let data = (try? JSONEncoder().encode(body)) ?? Data()
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}
