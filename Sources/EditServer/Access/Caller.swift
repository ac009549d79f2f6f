import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Who asks, and for whose model.
struct Caller: Sendable {
    /// Names them in the log; nil where there are no tokens.
    let name: String?
    let roles: Set<Role>
    /// Whose edits they see; nil for the model's own.
    var tenant: String?

    static let nobody = Caller(name: nil, roles: [], tenant: nil)
    /// Where there are no tokens, whoever reaches the server is trusted.
    static let anybody = Caller(name: nil, roles: Set(Role.allCases), tenant: nil)

    func may(_ role: Role) -> Bool { roles.contains(role) || roles.contains(.admin) }

    /// Whether they may see every tenant's model.
    var mayCross: Bool { tenant == nil && may(.admin) }

    /// - Throws: `APIError` where the caller has none of `roles`.
    func require(_ roles: Role...) throws { try require(roles) }

    func require(_ roles: [Role]) throws {
        guard !roles.contains(where: may) else { return }
        let names = roles.map(\.rawValue).joined(separator: " or ")
        throw APIError(
            .forbidden,
            "expected a token with the role \(names), got one without; ask for another.",
            type: .permission, code: "role_missing")
    }
}
