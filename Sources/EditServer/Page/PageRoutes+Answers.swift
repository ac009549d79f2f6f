import Edits
import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// What all pages have in common: who looks, what goes wrong, and what a browser may do with them.
extension PageRoutes {
    /// A page for somebody who is signed in, or the way to sign in.
    ///
    /// - Parameter readsLog: whether it takes a role that reads the log.
    func show(
        _ request: Request, _ context: ServerContext, readsLog: Bool = false,
        _ view: (PageFrame) async throws -> HTML
    ) async -> Response {
        await respond(request, context) { visitor, context in
            guard visitor.isKnown else {
                let way = request.uri.path == "/" ? "" : "?to=\(request.uri.path)"
                return .redirect(to: "/page/sign-in" + way)
            }
            if readsLog { try visitor.caller.require(.propose, .approve) }
            return Self.page(try await view(try await frame(visitor, context, request)))
        }
    }

    /// Finds out who looks, and tells them in a sentence what went wrong.
    func respond(
        _ request: Request, _ context: ServerContext,
        _ body: (Visitor, ServerContext) async throws -> Response
    ) async -> Response {
        var context = context
        var visitor = Visitor(caller: .nobody, id: Sessions.random(), isNew: false)
        var response: Response
        do {
            visitor = try self.visitor(request)
            context.caller = visitor.caller
            response = try await body(visitor, context)
        } catch {
            response = fault(error, visitor, context)
        }
        if visitor.isNew {
            response.setCookie(cookie(Self.formCookie, visitor.id, sameSite: .lax))
        }
        return response
    }

    /// What stands around a view.
    func frame(
        _ visitor: Visitor, _ context: ServerContext, _ request: Request
    ) async throws -> PageFrame {
        let tenant = visitor.isKnown ? try await service.tenant(context) : nil
        let done = request.uri.queryParameters.get("done").flatMap(PageFrame.Done.init)
        return PageFrame(
            settings: service.settings, visitor: visitor,
            formToken: sessions.formToken(for: visitor.id), tenant: tenant,
            ledger: visitor.reads ? await tenant?.model.ledger : nil,
            tenants: visitor.mayCross ? service.tenants.all.compactMap(\.name) : [], done: done)
    }

    private func fault(
        _ error: any Error, _ visitor: Visitor, _ context: ServerContext
    ) -> Response {
        let answer = APIError(error)
        answer.note(error, in: context.logger)
        let frame = PageFrame(
            settings: service.settings, visitor: visitor,
            formToken: sessions.formToken(for: visitor.id), tenant: nil, ledger: nil,
            tenants: [], done: nil)
        return Self.page(
            FaultView(frame: frame, sentence: answer.body.message.asSentence).html, for: answer)
    }

    /// A page that says what went wrong.
    static func page(_ html: HTML, for error: APIError) -> Response {
        var response = page(html, status: error.status)
        response.headers[.retryAfter] = error.retryAfter.map(String.init)
        return response
    }

    static func page(_ html: HTML, status: HTTPResponse.Status = .ok) -> Response {
        var headers = guarding
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: html.text)))
    }

    static func file(_ text: String, _ type: String) -> Response {
        var headers = guarding
        headers[.contentType] = "\(type); charset=utf-8"
        headers[.cacheControl] = "max-age=300"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Nothing from elsewhere, nothing written into the page runs, and no other site shows it.
    private static let guarding: HTTPFields = {
        var headers: HTTPFields = [
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
        // Not `no-referrer`, with which browsers leave out the origin of a form too.
        headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
        return headers
    }()
}

extension String {
    /// With a capital letter.
    var asSentence: String { prefix(1).uppercased() + dropFirst() }
}
