import Crypto
import Edits
package import Foundation

/// What a token's bearer may do.
package enum Role: String, Codable, Sendable, CaseIterable {
    /// Ask the model.
    case ask
    /// Read the log, and propose corrections: live at once, or after approval where that is needed.
    case propose
    /// Read the log, approve and decline what others proposed, and take back.
    case approve
    /// Copy the log, as a server does that follows this one.
    case replicate
    /// Everything, for every tenant.
    case admin
}

/// A token as its file keeps it: enough to know it again, not enough to make it.
package struct AccessToken: Codable, Sendable, Equatable {
    /// Names the bearer in the log.
    package var name: String
    /// SHA-256 of the token in hexadecimal. Tokens are 256 random bits, so there is nothing to guess
    /// and no need for salt.
    package var digest: String
    package var roles: [Role]
    /// Whose edits it sees; absent for the model's own.
    package var tenant: String?
    /// The most requests of a minute; absent for no limit.
    package var requestsPerMinute: Int?
    /// The most tokens, read and written, of a day in UTC; absent for no limit.
    package var tokensPerDay: Int?
    package var created: String
    /// When it was taken back; absent while it holds.
    package var revoked: String?

    /// Makes a new token.
    ///
    /// - Returns: the token, which is shown once, and what is kept of it.
    package static func make(
        name: String, roles: [Role], tenant: String? = nil, requestsPerMinute: Int? = nil,
        tokensPerDay: Int? = nil
    ) throws -> (secret: String, token: AccessToken) {
        guard Tenant.isName(name) else {
            throw ServerError(
                "expected a name of 1 to 64 letters, digits, - and _, got “\(name)”; choose another."
            )
        }
        if let tenant, !Tenant.isName(tenant) {
            throw ServerError(
                "expected a tenant's name of 1 to 64 letters, digits, - and _, got “\(tenant)”; "
                    + "choose another.")
        }
        let secret = "errata-" + SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexadecimal }
        return (
            secret,
            AccessToken(
                name: name, digest: digest(of: secret), roles: roles, tenant: tenant,
                requestsPerMinute: requestsPerMinute, tokensPerDay: tokensPerDay,
                created: timestamp())
        )
    }

    static func digest(of secret: String) -> String {
        SHA256.hash(data: Data(secret.utf8)).hexadecimal
    }
}

/// The file of all tokens.
package struct TokenFile: Codable, Sendable, Equatable {
    package var format = 1
    package var tokens: [AccessToken] = []

    package init() {}

    /// - Throws: one sentence for a file that cannot be read.
    package init(_ file: URL) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch {
            throw ServerError(
                "\(file.path): expected a file of tokens, but it cannot be read as one; make one with "
                    + "`errata token new`.")
        }
        guard format == 1 else {
            throw ServerError(
                "\(file.path): expected format 1, got \(format); use the Errata that wrote it.")
        }
        if let token = tokens.first(where: { ($0.requestsPerMinute ?? 1) < 1 }) {
            throw ServerError(
                "\(file.path): expected `requestsPerMinute` of `\(token.name)` to be at least 1, got "
                    + "\(token.requestsPerMinute!); leave it out for no limit.")
        }
    }

    /// Writes the file, readable by its owner alone; whole or not at all.
    package func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let draft = file.appendingPathExtension("draft")
        let manager = FileManager.default
        guard
            manager.createFile(
                atPath: draft.path, contents: try encoder.encode(self),
                attributes: [.posixPermissions: 0o600]),
            rename(draft.path, file.path) == 0
        else {
            throw ServerError("\(file.path) cannot be written; check the folder.")
        }
    }

    /// Adds a token.
    package mutating func add(_ token: AccessToken) throws {
        guard !tokens.contains(where: { $0.name == token.name && $0.revoked == nil }) else {
            throw ServerError(
                "expected a new name, but the token `\(token.name)` exists; revoke it or choose "
                    + "another.")
        }
        tokens.append(token)
    }

    /// Takes a token back.
    package mutating func revoke(_ name: String) throws {
        guard let place = tokens.firstIndex(where: { $0.name == name && $0.revoked == nil }) else {
            throw ServerError(
                "expected the name of a token that holds, got `\(name)`; `errata token list` lists "
                    + "them.")
        }
        tokens[place].revoked = timestamp()
    }
}
