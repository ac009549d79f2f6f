package import Foundation

/// How a server answers and what it refuses.
package struct ServerSettings: Sendable {
    /// What the model is called in requests.
    package var modelName: String
    package var host = "127.0.0.1"
    /// 0 takes any that is free.
    package var port = 8080
    /// The certificate chain and its key, PEM files; nil for plain HTTP.
    package var tls: TLSFiles?
    /// Who may do what; nil where everybody who reaches the server may do everything.
    package var tokens: URL?
    /// Where it is written how much of a day's tokens each has used; nil to count anew with each run.
    package var usage: URL?
    /// Whether what is proposed waits until somebody else approves.
    package var needsApproval = false
    /// Whether every change is refused, as a follower of another server does.
    package var isReadOnly = false
    /// Where it is changed instead, as people know it.
    package var writer: String?

    /// The largest body of a request.
    package var maximumBodyBytes = 1 << 20
    /// The longest a body may take to arrive.
    package var bodySeconds = 30.0
    /// The longest an answer may take, queue included.
    package var answerSeconds = 120.0
    /// How long a connection may stay open without a request.
    package var idleSeconds = 60.0
    /// How long a client may read nothing of what waits for it.
    package var stallSeconds = 30.0
    /// The most connections at once.
    package var maximumConnections = 1024
    /// The most answers of one request: its prompts times its choices.
    package var maximumAnswers = 128
    /// The most edits of one request.
    package var maximumEdits = 1024

    package init(modelName: String) { self.modelName = modelName }

    /// Where a server's certificate lies.
    package struct TLSFiles: Sendable {
        package var certificate: URL
        package var key: URL

        package init(certificate: URL, key: URL) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Whether only this machine can reach the server.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// - Throws: `ServerError` for a server that would let anybody on the network change the model.
    package func validate() throws {
        guard isLoopback || tokens != nil else {
            throw ServerError(
                "expected --tokens beside --host \(host), which other machines can reach, got none; "
                    + "make some with `errata token new`, or listen on 127.0.0.1.")
        }
        guard !needsApproval || tokens != nil else {
            throw ServerError(
                "expected --tokens beside --approval, since proposer and approver are told apart by "
                    + "them, got none; make some with `errata token new`.")
        }
    }
}

/// What a server could not do, in one sentence: what was expected, what came, and what to do.
package struct ServerError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
    package var errorDescription: String? { message }
}
