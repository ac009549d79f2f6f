import ArgumentParser
import EditServer
import Foundation

/// `errata token`: who may do what at a server.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and take back the tokens of a server.",
        discussion: """
            Example:
              errata token new --tokens tokens.json --name ada --role propose --role ask

            A token is shown once, when it is made; the file keeps its SHA-256. A running server \
            reads the file again when it changes.
            """,
        subcommands: [New.self, List.self, Revoke.self])

    /// The file of tokens.
    struct Place: ParsableArguments {
        @Option(help: ArgumentHelp("The file of tokens.", valueName: "file"))
        var tokens: String

        var url: URL { URL(filePath: tokens) }

        /// What it holds; nothing where it is missing.
        func file() throws -> TokenFile {
            guard FileManager.default.fileExists(atPath: url.path) else { return TokenFile() }
            return try explained { try TokenFile(url) }
        }
    }

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a token, and show it once.")

        @OptionGroup var place: Place

        @Option(help: "Names the bearer in the log.")
        var name: String

        @Option(
            name: .customLong("role"),
            help: "What it may do: ask, propose, approve, replicate, admin; may be repeated.")
        var roles: [Role]

        @Option(help: "Whose edits it sees (default: the model's own).")
        var tenant: String?

        @Option(help: ArgumentHelp("The most requests of a minute.", valueName: "count"))
        var requestsPerMinute: Int?

        @Option(help: ArgumentHelp("The most tokens of a day.", valueName: "count"))
        var tokensPerDay: Int?

        func validate() throws {
            if roles.isEmpty { throw ValidationError("expected at least one --role, got none") }
            try requireCount(requestsPerMinute, of: "requests-per-minute")
            try requireCount(tokensPerDay, of: "tokens-per-day")
        }

        func run() async throws {
            var file = try place.file()
            let secret = try explained {
                let made = try AccessToken.make(
                    name: name, roles: roles, tenant: tenant, requestsPerMinute: requestsPerMinute,
                    tokensPerDay: tokensPerDay)
                try file.add(made.token)
                try file.write(to: place.url)
                return made.secret
            }
            Output.line(secret)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens, without them.")

        @OptionGroup var place: Place
        @OptionGroup(title: "Results") var output: OutputOptions

        /// A token without its digest.
        private struct Listed: Encodable {
            let name: String
            let roles: [Role]
            let tenant: String?
            let requestsPerMinute: Int?
            let tokensPerDay: Int?
            let created: String
            let revoked: String?

            init(_ token: AccessToken) {
                (name, roles, tenant) = (token.name, token.roles, token.tenant)
                requestsPerMinute = token.requestsPerMinute
                tokensPerDay = token.tokensPerDay
                (created, revoked) = (token.created, token.revoked)
            }
        }

        func run() async throws {
            let tokens = try place.file().tokens
            if output.json { return try Output.json(tokens.map(Listed.init)) }
            for token in tokens {
                let roles = token.roles.map(\.rawValue).joined(separator: ",")
                let tenant = token.tenant.map { "  tenant \($0)" } ?? ""
                let rate = token.requestsPerMinute.map { "  \($0) requests a minute" } ?? ""
                let quota = token.tokensPerDay.map { "  \($0) tokens a day" } ?? ""
                let end = token.revoked.map { "  revoked \($0.prefix(19))" } ?? ""
                Output.line(
                    "\(token.name)  \(roles)\(tenant)\(rate)\(quota)  since "
                        + token.created.prefix(19) + end)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a token back.")

        @OptionGroup var place: Place

        @Option(help: "The token's name.")
        var name: String

        func run() async throws {
            var file = try place.file()
            try explained {
                try file.revoke(name)
                try file.write(to: place.url)
            }
        }
    }
}

/// Runs `body`; what it finds wrong is about what the user gave.
private func explained<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ServerError { throw WrongInput(error.message) }
}

extension Role: ExpressibleByArgument {}
