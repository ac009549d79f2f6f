import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Keeps web pages away from a server without tokens, which trusts whoever reaches it.
///
/// Such a server listens to this machine alone, but so does every browser on it: a page whose name is
/// made to mean 127.0.0.1 could ask and correct the model, and any page could send it a form. The first
/// has the page's own name as host, the second another origin.
struct HostCheck: RouterMiddleware {
    let settings: ServerSettings

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if settings.tokens == nil { try check(request.head) }
        return try await next(request, context)
    }

    /// - Throws: `APIError` for a request that a page of somebody else's may have made.
    func check(_ request: HTTPRequest) throws {
        let authority = request.authority?.lowercased() ?? ""
        guard isOwn(Self.host(of: authority)) else {
            throw APIError(
                .forbidden,
                "expected localhost or \(settings.host) as the host of a request, got another; ask by "
                    + "that name, or give the server tokens.",
                type: .permission, code: "foreign_host")
        }
        guard ![.get, .head, .options].contains(request.method),
            let origin = request.headerFields[.origin]?.lowercased()
        else { return }
        guard origin == "http://\(authority)" || origin == "https://\(authority)" else {
            throw APIError(
                .forbidden,
                "expected a request from this server's own page or from a program, got one from another "
                    + "web page; give the server tokens if that page may ask.",
                type: .permission, code: "foreign_origin")
        }
    }

    private func isOwn(_ host: Substring) -> Bool {
        ["localhost", "127.0.0.1", "[::1]", settings.host, "[\(settings.host)]"]
            .contains { $0.lowercased() == host }
    }

    /// The name or address in `host:port`.
    private static func host(of authority: String) -> Substring {
        guard let colon = authority.lastIndex(of: ":"),
            authority[colon...].dropFirst().allSatisfy({ $0.isASCII && $0.isNumber })
        else { return authority[...] }
        return authority[..<colon]
    }
}
