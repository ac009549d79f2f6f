import Errata
import Hummingbird
import HummingbirdCore
import NIOCore

/// /healthz, /readyz, /metrics and /openapi.json: for machines that look after the server.
struct HealthRoutes: Sendable {
    let service: EditService

    func add(to router: Router<ServerContext>) {
        router.get("healthz") { _, _ in try EditService.json(["status": "ok"]) }
        router.get("readyz") { _, _ in try ready() }
        router.get("metrics") { _, context in try metrics(context) }
        router.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(
                    byteBuffer: ByteBuffer(
                        string: OpenAPI.document(modelName: service.settings.modelName))))
        }
    }

    /// Whether requests are taken: no once the engine has stopped. A queue that is full is no reason,
    /// since a moment later it may not be.
    private func ready() throws -> Response {
        guard !service.engine.hasStopped else { throw EngineHasStopped() }
        let standing = service.follower?.standing
        return try EditService.json(
            Readiness(
                version: standing.map { _ in service.tenants.own.versions.current.name },
                following: standing.map { $0.faults.isEmpty && $0.agreed != nil },
                lag: standing?.lag))
    }

    /// How a server stands; of one that follows no other, its status alone.
    private struct Readiness: Encodable {
        let status = "ready"
        let version: String?
        let following: Bool?
        let lag: Double?

        private enum CodingKeys: String, CodingKey {
            case status, version, following
            case lag = "lag_seconds"
        }
    }

    private func metrics(_ context: ServerContext) throws -> Response {
        try context.caller.require(.admin)
        guard context.caller.mayCross else {
            throw APIError(
                .forbidden,
                "expected an administrator of no tenant, since these figures are of all of them, got "
                    + "one of a tenant; send another token, and no `Errata-Tenant`.",
                type: .permission, code: "other_tenant")
        }
        service.meters.look(at: service.engine.load, service.tenants)
        if let follower = service.follower { service.meters.look(at: follower.standing) }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: service.meters.text)))
    }
}
