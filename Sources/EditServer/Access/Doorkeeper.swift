import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Synchronization

/// Knows the tokens, and how much each has used.
final class Doorkeeper: Sendable {
    private struct State {
        var tokens: [String: AccessToken] = [:]
        var lookedAt: ContinuousClock.Instant?
        /// Why the file could not be read when it was last looked at.
        var fault: String?
        var usage: [String: Usage] = [:]
        /// Whether what was used is about to be written.
        var isWriting = false
    }

    /// What a token has used: a bucket that fills with requests, and the tokens of a day.
    private struct Usage {
        var requests: Double
        var refilled: ContinuousClock.Instant
        var day = 0
        var tokens = 0
    }

    private let file: URL?
    private let record: URL?
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - file: nil where everybody may do everything.
    ///   - record: where it is written how much of the day's tokens was used; nil to begin anew with
    ///     each run.
    init(_ file: URL?, record: URL? = nil, logger: Logger) throws {
        (self.file, self.record, self.logger) = (file, record, logger)
        guard file != nil else { return }
        try reload()
        let used = try record.map(UsageRecord.read) ?? [:]
        state.withLock { state in
            for token in state.tokens.values {
                guard let tokens = used[token.name] else { continue }
                state.usage[token.name] = Usage(
                    requests: Double(token.requestsPerMinute ?? 0), refilled: .now,
                    day: UsageRecord.today, tokens: tokens)
            }
        }
    }

    /// Who bears the request's token.
    ///
    /// - Throws: `APIError` for no token, an unknown or revoked one, or one that asks too often.
    func caller(of request: Request) throws -> Caller {
        guard !isOpen else { return .anybody }
        guard let secret = Self.secret(in: request) else {
            throw APIError(
                .unauthorized,
                "expected `Authorization: Bearer TOKEN`, got none; send the token you were given.",
                type: .authentication, code: "missing_token")
        }
        return try caller(bearing: AccessToken.digest(of: secret))
    }

    /// Whether there are no tokens, and everybody may do everything.
    var isOpen: Bool { file == nil }

    /// Who bears the token of this digest.
    ///
    /// - Throws: `APIError` for an unknown or revoked one, or one that asks too often.
    func caller(bearing digest: String) throws -> Caller {
        reloadIfDue()
        guard let token = state.withLock({ $0.tokens[digest] }), token.revoked == nil else {
            throw APIError(
                .unauthorized, "expected a token that holds, got another; ask for a new one.",
                type: .authentication, code: "invalid_api_key")
        }
        try admit(token)
        return Caller(name: token.name, roles: Set(token.roles), tenant: token.tenant)
    }

    /// Every tenant that a token is of.
    var tenants: Set<String> {
        Set(state.withLock { $0.tokens.values.compactMap(\.tenant) })
    }

    /// Takes note of tokens that were read and written for somebody.
    func spend(_ tokens: Int, by caller: Caller) {
        guard let name = caller.name, tokens != 0 else { return }
        let isDue = state.withLock { state in
            state.usage[name]?.tokens += tokens
            let isDue = record != nil && !state.isWriting
            state.isWriting = state.isWriting || isDue
            return isDue
        }
        guard isDue else { return }
        // Many answers are written down at once: what a crash forgets is the last second.
        Task {
            try? await Task.sleep(for: .seconds(1))
            write()
        }
    }

    /// Writes down what was used. Where the disk is full the count goes on in memory.
    func write() {
        guard let record else { return }
        let used = state.withLock { state in
            state.isWriting = false
            return state.usage.filter { $0.value.day == UsageRecord.today && $0.value.tokens > 0 }
        }
        try? UsageRecord(day: UsageRecord.today, tokens: used.mapValues(\.tokens)).write(to: record)
    }

    private static func secret(in request: Request) -> String? {
        guard let text = request.headers[.authorization] else { return nil }
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    private func admit(_ token: AccessToken) throws {
        let day = UsageRecord.today
        let refusal: APIError? = state.withLock { state in
            let now = ContinuousClock.now
            let rate = token.requestsPerMinute.map(Double.init)
            var usage =
                state.usage[token.name] ?? Usage(requests: rate ?? 0, refilled: now)
            defer { state.usage[token.name] = usage }
            if usage.day != day { (usage.day, usage.tokens) = (day, 0) }
            if let limit = token.tokensPerDay, usage.tokens >= limit {
                return APIError(
                    .tooManyRequests,
                    "expected at most \(limit) tokens a day, and they are used up; ask again after "
                        + "midnight UTC.",
                    type: .rateLimit, code: "insufficient_quota",
                    retryAfter: 86_400 - Int(Date.now.timeIntervalSince1970) % 86_400)
            }
            guard let rate else { return nil }
            let seconds =
                Double((now - usage.refilled).components.seconds)
                + Double((now - usage.refilled).components.attoseconds) * 1e-18
            usage.requests = min(rate, usage.requests + seconds * rate / 60)
            usage.refilled = now
            guard usage.requests >= 1 else {
                return APIError(
                    .tooManyRequests,
                    "expected at most \(Int(rate)) requests a minute, got more; ask again later.",
                    type: .rateLimit, code: "rate_limit_exceeded",
                    retryAfter: max(1, Int(((1 - usage.requests) * 60 / rate).rounded(.up))))
            }
            usage.requests -= 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Reads the file again once a second: a token that was taken back opens nothing any more. Its date
    /// does not tell whether it changed, for two writes may fall into one tick of the file system.
    private func reloadIfDue() {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.lookedAt, now - last < .seconds(1) { return false }
            state.lookedAt = now
            return true
        }
        guard isDue else { return }
        do {
            try reload()
            state.withLock { $0.fault = nil }
        } catch {
            note("\(error)")
        }
    }

    /// Says why the file cannot be read, where that was not said just before.
    private func note(_ fault: String) {
        let isNews = state.withLock { state in
            defer { state.fault = fault }
            return state.fault != fault
        }
        guard isNews else { return }
        logger.warning("going on with the tokens known before", metadata: ["why": "\(fault)"])
    }

    private func reload() throws {
        guard let file else { return }
        let tokens = try TokenFile(file).tokens
        state.withLock { state in
            state.tokens = Dictionary(tokens.map { ($0.digest, $0) }) { $1 }
        }
    }
}
