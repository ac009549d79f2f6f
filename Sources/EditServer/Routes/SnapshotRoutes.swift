import Edits
import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// GET /v1/snapshots: the versions there were, and which of them can be asked.
struct SnapshotRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.get("snapshots") { request, context in try await list(request, context) }
    }

    /// A version that answers otherwise than the one before it.
    private struct Snapshot: Encodable {
        let object = "snapshot"
        let version: Int
        /// What a request names to ask it; absent where it is kept no more.
        let model: String?
        let current: Bool
        /// What brought it about: `base`, `publish`, `undo`.
        let kind: String
        /// Edits that hold in it.
        let edits: Int
        let time: String?
        let author: String?
        let reason: String?
    }

    private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask, .propose, .approve)
        let paging = try Paging(request.uri.queryParameters)
        let tenant = try await service.tenant(context)
        // Before the log, which only grows: so that it has every version that is seen here.
        let versions = tenant.versions.all
        let ledger = await tenant.model.ledger
        // Of one number, the newest.
        let kept = Dictionary(versions.map { ($0.number, $0) }) { newest, _ in newest }
        let current = versions[0].number
        let changes = ledger.events.filter { [.publish, .undo].contains($0.kind) }
        // What can be asked is listed whether or not it changed anything.
        let listed = Set(kept.keys).union(changes.map(\.sequence)).filter { $0 <= ledger.version }
        let found = paging.page(of: paging.sorted(listed))
        let counts = try ledger.liveCounts(at: Set(found.page))
        let snapshots = found.page.map { version in
            let event = version == 0 ? nil : ledger.events[version - 1]
            return Snapshot(
                version: version, model: kept[version].map(service.name),
                current: version == current, kind: event?.kind.rawValue ?? "base",
                edits: counts[version] ?? 0, time: event?.time, author: event?.author,
                reason: event?.reason)
        }
        return try EditService.json(PageBody(data: snapshots, hasMore: found.hasMore))
    }
}
