import Edits
import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What the page's forms do.
extension PageRoutes {
    func addChanges(to group: RouterGroup<ServerContext>) {
        group.post("ask") { request, context in await ask(request, context) }
        group.post("propose") { request, context in await propose(request, context) }
        group.post("proposals/:id/approve") { request, context in
            await approve(request, context)
        }
        group.post("proposals/:id/decline") { request, context in
            await decline(request, context)
        }
        group.post("undo/:id") { request, context in await takeBack(request, context) }
        group.post("tenant") { request, context in await look(request, context) }
        group.post("sign-in") { request, context in await enter(request, context) }
        group.post("sign-out") { request, context in
            await act(request, context) { frame, _, _ in
                sessions.end(frame.visitor.id)
                var response = Response.redirect(to: "/page/sign-in?done=signed-out")
                response.setCookie(cookie(Self.sessionCookie, "", sameSite: .strict, age: 0))
                return response
            }
        }
    }

    /// Does what a form asks for, if the form is this page's own.
    ///
    /// - Parameter isOpen: whether nobody has to be signed in.
    private func act(
        _ request: Request, _ context: ServerContext, isOpen: Bool = false,
        _ body: (PageFrame, FormFields, ServerContext) async throws -> Response
    ) async -> Response {
        await respond(request, context) { visitor, context in
            // Whose session has ended has no form that holds: they sign in again.
            guard visitor.isKnown || isOpen else { return .redirect(to: "/page/sign-in") }
            let fields = try await form(in: request, of: visitor)
            return try await body(try await frame(visitor, context, request), fields, context)
        }
    }

    /// - Throws: `APIError` for what no form of this page sends.
    private func form(in request: Request, of visitor: Visitor) async throws -> FormFields {
        let site = request.headers[.secFetchSite]
        let type = request.headers[.contentType]?.lowercased() ?? ""
        let fields = FormFields(String(buffer: try await service.bytes(of: request)))
        guard site == nil || site == "same-origin",
            type.hasPrefix("application/x-www-form-urlencoded"), !visitor.isNew,
            sessions.isFormToken(fields["form-token"], for: visitor.id)
        else {
            throw APIError(
                .forbidden,
                "expected a form of this page, got one that has grown old or comes from elsewhere; go "
                    + "back, load the page again and send it once more.",
                type: .permission, code: "foreign_form")
        }
        return fields
    }

    private func ask(_ request: Request, _ context: ServerContext) async -> Response {
        await act(request, context) { frame, fields, context in
            try frame.visitor.caller.require(.ask, .propose, .approve)
            var view = AskView(frame: frame)
            view.prompt = fields["prompt"] ?? ""
            view.version = fields["version"] ?? ""
            guard let tenant = frame.tenant, !view.prompt.isEmpty else {
                view.fault = "Expected a prompt, got none; write one."
                return Self.page(view.html, status: .badRequest)
            }
            do {
                let name = service.settings.modelName
                let version = try service.version(
                    named: view.version.isEmpty ? name : "\(name)@\(view.version)", of: tenant)
                let answer = try await service.explain(
                    view.prompt, by: version, of: tenant, maximumTokens: 32, context)
                view.found = (answer, version.name)
                return Self.page(view.html)
            } catch {
                let answer = APIError(error)
                view.fault = answer.body.message.asSentence
                return Self.page(view.html, for: answer)
            }
        }
    }

    private func propose(_ request: Request, _ context: ServerContext) async -> Response {
        await act(request, context) { frame, fields, context in
            let caller = frame.visitor.caller
            try service.permit(caller, to: .propose, .approve)
            let typed = ProposeView.Typed(fields)
            let tenant = try await service.tenant(context)
            do {
                let reception = try await service.apply(
                    [typed.record(author: caller.name)], typed.options(author: caller.name),
                    by: caller, to: tenant, waiting: fields["action"] != "apply")
                switch reception {
                case .proposed: return .redirect(to: "/page/waiting?done=proposed")
                case .landed(let report):
                    return .redirect(
                        to: report.transaction.map { "/page/edits/\($0)?done=taught" }
                            ?? "/?done=unchanged")
                }
            } catch {
                return Self.page(
                    ProposeView(frame: frame, typed: typed, refusal: Refusal(error)).html,
                    for: APIError(error))
            }
        }
    }

    private func approve(_ request: Request, _ context: ServerContext) async -> Response {
        await decide(request, context) { id, tenant, frame, fields in
            let caller = frame.visitor.caller
            var options = ApplyOptions()
            options.author = caller.name
            options.reason = fields["reason"]
            options.conflicts = fields["conflicts"].flatMap(ConflictPolicy.init)
            options.isForced = fields["force"] == "yes"
            let report = try await service.approve(id, options, by: caller, in: tenant)
            return report.transaction.map { "/page/edits/\($0)?done=approved" }
                ?? "/page/waiting?done=unchanged"
        }
    }

    private func decline(_ request: Request, _ context: ServerContext) async -> Response {
        await decide(request, context) { id, tenant, frame, fields in
            try await service.decline(
                id, reason: fields["reason"], by: frame.visitor.caller, in: tenant)
            return "/page/waiting?done=declined"
        }
    }

    /// - Parameter body: decides the proposal, and says where to go on.
    private func decide(
        _ request: Request, _ context: ServerContext,
        _ body: (Int, Tenant, PageFrame, FormFields) async throws -> String
    ) async -> Response {
        await act(request, context) { frame, fields, context in
            try service.permit(frame.visitor.caller, to: .approve)
            let (ledger, event) = try Self.event(context, frame)
            guard ledger.proposals[event.sequence] != nil else {
                throw APIError.missing("a proposal", "\(event.sequence)")
            }
            let tenant = try await service.tenant(context)
            do {
                return .redirect(to: try await body(event.sequence, tenant, frame, fields))
            } catch {
                let refusal = Refusal(error, proposal: event.sequence)
                let view = WaitingView(frame: frame, ledger: ledger, refused: refusal)
                return Self.page(view.html, for: APIError(error))
            }
        }
    }

    private func takeBack(_ request: Request, _ context: ServerContext) async -> Response {
        await act(request, context) { frame, fields, context in
            try service.permit(frame.visitor.caller, to: .approve)
            let (ledger, event) = try Self.event(context, frame)
            var view = UndoView(frame: frame, ledger: ledger, event: event)
            do {
                _ = try await service.undo(
                    "#\(event.sequence)", reason: fields["reason"], by: frame.visitor.caller,
                    in: try await service.tenant(context))
                let way = view.targets.first.map { "/page/edits/\($0.sequence)" } ?? "/"
                return .redirect(to: way + "?done=undone")
            } catch {
                let answer = APIError(error)
                view.fault = answer.body.message.asSentence
                return Self.page(view.html, for: answer)
            }
        }
    }

    /// Shows an administrator the model of another tenant from now on.
    private func look(_ request: Request, _ context: ServerContext) async -> Response {
        await act(request, context) { frame, fields, _ in
            let name = fields["tenant"]
            guard frame.visitor.mayCross, name.map(frame.tenants.contains) ?? true else {
                throw APIError(
                    .forbidden, "expected a tenant whose model you may see, got another.",
                    type: .permission, code: "other_tenant")
            }
            sessions.look(at: name, in: frame.visitor.id)
            return .redirect(to: "/")
        }
    }

    private func enter(_ request: Request, _ context: ServerContext) async -> Response {
        await act(request, context, isOpen: true) { frame, fields, _ in
            let way = Self.own(fields["to"] ?? "/")
            do {
                let digest = AccessToken.digest(of: fields["token"] ?? "")
                _ = try service.doorkeeper.caller(bearing: digest)
                var response = Response.redirect(to: way)
                response.setCookie(
                    cookie(
                        Self.sessionCookie, sessions.begin(digest: digest), sameSite: .strict))
                return response
            } catch {
                let answer = APIError(error)
                let view = SignInView(
                    frame: frame, way: way, fault: answer.body.message.asSentence)
                return Self.page(view.html, for: answer)
            }
        }
    }
}

extension HTTPField.Name {
    /// Where a browser says that a request comes from.
    fileprivate static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
