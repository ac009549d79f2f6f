import Errata
import Foundation
import Hummingbird
import HummingbirdCore

/// GET /v1/models and GET /v1/models/{model}.
struct ModelRoutes: Sendable {
    let service: EditService

    func add(to group: RouterGroup<ServerContext>) {
        group.get("models") { _, context in try await list(context) }
        group.get("models/:model") { _, context in try await one(context) }
    }

    private struct Model: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let ownedBy = "errata"
        /// Which version answers under this name.
        let version: Int

        private enum CodingKeys: String, CodingKey {
            case id, object, created, version
            case ownedBy = "owned_by"
        }
    }

    private struct List: Encodable {
        let object = "list"
        let data: [Model]
    }

    private func list(_ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask, .propose, .approve)
        let versions = try await service.tenant(context).versions
        let current = Model(
            id: service.settings.modelName, created: service.began, version: versions.current.number
        )
        let kept = versions.numbers.map {
            Model(id: "\(service.settings.modelName)@\($0)", created: service.began, version: $0)
        }
        return try EditService.json(List(data: [current] + kept))
    }

    private func one(_ context: ServerContext) async throws -> Response {
        try context.caller.require(.ask, .propose, .approve)
        let name = try context.parameters.require("model").removingPercentEncoding ?? ""
        let tenant = try await service.tenant(context)
        let version = try service.version(named: name, of: tenant)
        return try EditService.json(
            Model(id: name, created: service.began, version: version.number))
    }
}
