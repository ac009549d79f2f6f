import Edits
import Errata
import Hummingbird
import HummingbirdCore
import NIOCore

/// The page: what people see and do without writing requests. HTML from the server, whole without a
/// script, and nothing from elsewhere.
struct PageRoutes: Sendable {
    let service: EditService
    let sessions: Sessions

    func add(to router: Router<ServerContext>) {
        router.get("/") { request, context in await log(request, context) }
        let group = router.group("page")
        group.get("edits/:id") { request, context in await story(request, context) }
        group.get("ask") { request, context in
            await show(request, context) { frame in AskView(frame: frame).html }
        }
        group.get("propose") { request, context in
            await show(request, context) { frame in
                try service.permit(frame.visitor.caller, to: .propose, .approve)
                return ProposeView(frame: frame).html
            }
        }
        group.get("waiting") { request, context in
            await show(request, context, readsLog: true) { frame in
                WaitingView(frame: frame, ledger: frame.ledger!).html
            }
        }
        group.get("traffic") { request, context in
            await show(request, context, readsLog: true) { frame in
                let record = service.traffic.record(of: frame.visitor.caller.tenant)
                return TrafficView(frame: frame, traffic: record).html
            }
        }
        group.get("undo/:id") { request, context in await undo(request, context) }
        group.get("sign-in") { request, context in await signIn(request, context) }
        addChanges(to: group)
        group.get("style.css") { _, _ in Self.file(StyleSheet.css, "text/css") }
        group.get("script.js") { _, _ in Self.file(PageScript.source, "text/javascript") }
        group.get("icon.svg") { _, _ in Self.file(PageScript.icon, "image/svg+xml") }
    }

    private func log(_ request: Request, _ context: ServerContext) async -> Response {
        await show(request, context) { frame in
            // Whoever may only ask has nothing to read here.
            guard frame.visitor.reads, let ledger = frame.ledger, let tenant = frame.tenant else {
                return AskView(frame: frame).html
            }
            let values = request.uri.queryParameters
            var search = LogView.Search(filter: try EditFilter(values))
            search.query = values.get("query") ?? ""
            search.state = values.get("state") ?? ""
            search.author = values.get("author") ?? ""
            search.tag = values.get("tag") ?? ""
            search.limit = values.get("limit") ?? ""
            search.isFirstPage = values.get("after") == nil
            return LogView(frame: frame, ledger: ledger, tenant: tenant, search: search).html
        }
    }

    private func story(_ request: Request, _ context: ServerContext) async -> Response {
        await show(request, context, readsLog: true) { frame in
            let (ledger, event) = try Self.event(context, frame)
            guard let entry = ledger.entries[event.sequence] else {
                throw APIError.missing("a correction", "\(event.sequence)")
            }
            return StoryView(frame: frame, ledger: ledger, entry: entry).html
        }
    }

    private func undo(_ request: Request, _ context: ServerContext) async -> Response {
        await show(request, context) { frame in
            try service.permit(frame.visitor.caller, to: .approve)
            let (ledger, event) = try Self.event(context, frame)
            let view = UndoView(frame: frame, ledger: ledger, event: event)
            guard !view.targets.isEmpty else {
                throw APIError.missing("something to take back", "\(event.sequence)")
            }
            return view.html
        }
    }

    private func signIn(_ request: Request, _ context: ServerContext) async -> Response {
        await respond(request, context) { visitor, context in
            guard !visitor.isKnown else { return .redirect(to: "/") }
            let way = request.uri.queryParameters.get("to") ?? "/"
            let frame = try await frame(visitor, context, request)
            return Self.page(SignInView(frame: frame, way: Self.own(way)).html)
        }
    }

    /// The event that a page is about.
    static func event(
        _ context: ServerContext, _ frame: PageFrame
    ) throws -> (ledger: Ledger, event: LogEvent) {
        let name = try context.parameters.require("id")
        guard let ledger = frame.ledger, let number = Int(name), number >= 1,
            number <= ledger.version
        else { throw APIError.missing("an event of the log", name) }
        return (ledger, ledger.events[number - 1])
    }

    /// A way within the page; its beginning for any other.
    static func own(_ way: String) -> String {
        let isOwn = way.hasPrefix("/page/") || way == "/" || way.hasPrefix("/?")
        return isOwn && way.allSatisfy { $0.isASCII && $0 > " " && $0 != "\\" } ? way : "/"
    }
}
