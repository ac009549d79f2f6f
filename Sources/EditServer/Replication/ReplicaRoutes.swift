import Errata
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// /v1/replica: the log as it stands, for servers that follow this one.
struct ReplicaRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        let group = group.group("replica")
        group.get("tenants") { _, context in
            try context.caller.require(.replicate)
            // Whoever bears a tenant's token is told of no other.
            let names = context.caller.tenant == nil ? service.tenants.all.compactMap(\.name) : []
            return try EditService.json(["tenants": names])
        }
        group.get("events") { request, context in
            try context.caller.require(.replicate)
            let after = try Self.number("after", in: request)
            let data = try await service.tenant(context).model.logPage(after: after)
            return Self.answer(data, "application/json")
        }
        group.get("snapshots/:digest") { request, context in
            try context.caller.require(.replicate)
            let digest = try context.parameters.require("digest")
            let offset = try Self.number("offset", in: request)
            let model = try await service.tenant(context).model
            guard digest.count == 64, digest.allSatisfy(\.isHexDigit),
                let piece = try await model.snapshotPiece(digest, from: offset)
            else {
                throw APIError(
                    .notFound,
                    "expected a snapshot that the log names, got another; ask for the events "
                        + "again.", param: "digest", code: "snapshot_not_found")
            }
            return Self.answer(piece, "application/octet-stream")
        }
    }

    private static func number(_ name: String, in request: Request) throws -> Int {
        guard let text = request.uri.queryParameters.get(name) else { return 0 }
        guard let number = Int(text), 0...Int(Int32.max) ~= number else {
            throw APIError.wrong(name, "expected `\(name)` from 0 to \(Int32.max), got another.")
        }
        return number
    }

    private static func answer(_ data: some Sequence<UInt8>, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}
