import Errata
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging

/// Turns errors into answers, counts and times requests, and writes one line about each: its method,
/// its route and its status, never what it asked, who asked it, or a token.
struct FrontDesk: RouterMiddleware {
    let service: EditService

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request, context)
        }
        let route = context.endpointPath ?? "unknown"
        let elapsed = ContinuousClock.now - context.start
        service.meters.answered(route: route, status: response.status.code, after: elapsed)
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(route)",
                "status": "\(response.status.code)",
                "milliseconds": "\(elapsed / .milliseconds(1))",
            ])
        return response
    }

    private func answer(
        to error: any Error, _ request: Request, _ context: ServerContext
    ) -> Response {
        var answer = APIError(error)
        answer.note(error, in: context.logger)
        if answer.status == .notFound, let methods = OpenAPI.methods(of: request.uri.path),
            !methods.contains(request.method.rawValue)
        {
            answer = APIError(
                .methodNotAllowed,
                "expected the method \(methods.joined(separator: " or ")) there, got another.",
                code: "method_not_allowed")
            answer.allow = methods.joined(separator: ", ")
        }
        return answer.response()
    }
}

/// Finds out who asks.
struct Authentication: RouterMiddleware {
    let service: EditService

    /// What anybody may look at: it says nothing of what the model was taught.
    private static let open: Set = ["/healthz", "/readyz", "/openapi.json"]

    /// Whether a path asks for no token: pages have sessions, and look after that themselves.
    private static func isOpen(_ path: String) -> Bool {
        open.contains(path) || path == "/" || path.hasPrefix("/page/")
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if !Self.isOpen(request.uri.path) {
            var caller = try service.doorkeeper.caller(of: request)
            if let tenant = request.headers[.errataTenant] {
                guard Tenant.isName(tenant) else {
                    throw APIError.wrong(
                        "Errata-Tenant",
                        "expected a tenant's name of 1 to 64 letters, digits, - and _, got another."
                    )
                }
                // Whoever copies logs copies every tenant's, and does nothing else there.
                let isCopying =
                    request.uri.path.hasPrefix("/v1/replica/") && caller.may(.replicate)
                let mayCross = caller.mayCross || (caller.tenant == nil && isCopying)
                guard tenant == caller.tenant || mayCross else {
                    throw APIError(
                        .forbidden, "expected a token of that tenant, got one of another.",
                        type: .permission, code: "other_tenant")
                }
                caller.tenant = tenant
            }
            context.caller = caller
        }
        return try await next(request, context)
    }
}
