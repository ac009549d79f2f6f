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
                body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPI.document)))
        }
    }

    /// Whether requests are taken: no while the server shuts down, or has no room.
    private func ready() throws -> Response {
        guard !service.engine.hasStopped else { throw EngineHasStopped() }
        return try EditService.json(["status": "ready"])
    }

    private func metrics(_ context: ServerContext) throws -> Response {
        try context.caller.require(.admin)
        service.meters.look(at: service.engine.load, service.tenants)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: service.meters.text)))
    }
}
