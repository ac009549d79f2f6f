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
        let tenant = try await service.tenant(context)
        let ledger = await tenant.model.ledger
        let kept = Set(tenant.versions.numbers)
        let current = tenant.versions.current.number
        let changes = ledger.events.filter { [.publish, .undo].contains($0.kind) }.suffix(100)
        // What can be asked is listed whether or not it changed anything.
        let others = kept.subtracting(changes.map(\.sequence)).filter { $0 > 0 }
            .map { ledger.events[$0 - 1] }
        var snapshots = try (Array(changes) + others).sorted { $0.sequence > $1.sequence }.map {
            Snapshot(
                version: $0.sequence,
                model: kept.contains($0.sequence)
                    ? "\(service.settings.modelName)@\($0.sequence)" : nil,
                current: $0.sequence == current, kind: $0.kind.rawValue,
                edits: try ledger.at(version: $0.sequence).live.joined().count, time: $0.time,
                author: $0.author, reason: $0.reason)
        }
        snapshots.append(
            Snapshot(
                version: 0, model: "\(service.settings.modelName)@0", current: current == 0,
                kind: "base", edits: 0, time: nil, author: nil, reason: nil))
        return try EditService.json(PageBody(data: snapshots, hasMore: false))
    }
}
