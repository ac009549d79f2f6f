import Errata
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Asks a server for its log.
struct SourceClient: Sendable {
    let address: URL
    let token: String?
    private var tenant: String?

    init(address: URL, token: String?) { (self.address, self.token) = (address, token) }

    /// The same for another model of the server; nil for its own.
    func of(tenant: String?) -> SourceClient {
        var client = self
        client.tenant = tenant
        return client
    }

    /// Tenants of the server that have a log.
    func tenants() async throws -> [String] {
        struct List: Decodable { let tenants: [String] }
        let data = try await get("v1/replica/tenants", [])
        guard let list = try? JSONDecoder().decode(List.self, from: data),
            list.tenants.allSatisfy(Tenant.isName)
        else {
            throw ServerError(
                "expected \(address.absoluteString) to be a server of Errata, got another answer; "
                    + "check --follow.")
        }
        return list.tenants
    }

    func fetch(_ piece: Mirror.Piece) async throws -> Data {
        switch piece {
        case .events(let sequence):
            try await get("v1/replica/events", [URLQueryItem(name: "after", value: "\(sequence)")])
        case .snapshot(let digest, let offset):
            try await get(
                "v1/replica/snapshots/\(digest)",
                [URLQueryItem(name: "offset", value: "\(offset)")])
        }
    }

    private func get(_ path: String, _ query: [URLQueryItem]) async throws -> Data {
        var request = URLRequest(
            url: address.appending(path: path).appending(queryItems: query),
            cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 30)
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let tenant { request.setValue(tenant, forHTTPHeaderField: "Errata-Tenant") }
        let (data, response): (Data, URLResponse)
        do {
            (data, response) = try await URLSession.shared.data(for: request)
        } catch {
            throw ServerError(
                "expected \(address.absoluteString) to answer, got no answer "
                    + "(\(error.localizedDescription)); check that it runs and can be reached.")
        }
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard status == 200 else {
            throw ServerError(
                "expected \(address.absoluteString) to let its log be copied, got status \(status); "
                    + "give a token of its with the role replicate.")
        }
        return data
    }
}
