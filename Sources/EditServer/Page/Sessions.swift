import Crypto
import Edits
import Foundation
import Synchronization

/// Who is signed in at the page. A sign-in lasts as long as its browser and the server do, and twelve
/// hours at most after it was last used.
final class Sessions: Sendable {
    private struct Session {
        var holder: Holder
        var used: ContinuousClock.Instant
    }

    /// Whose session it is.
    struct Holder {
        /// SHA-256 of the token that was signed in with.
        let digest: String
        /// Whose model an administrator looks at; nil for their own.
        var tenant: String?
    }

    private static let lifetime = Duration.seconds(12 * 3600)
    /// More than these are forgotten, the longest unused first.
    private static let capacity = 4096

    private let key = SymmetricKey(size: .bits256)
    private let sessions = Mutex<[String: Session]>([:])

    /// Signs somebody in.
    ///
    /// - Returns: what the cookie holds: new every time, so that nobody can be handed one.
    func begin(digest: String) -> String {
        let id = Self.random()
        sessions.withLock { sessions in
            if sessions.count >= Self.capacity,
                let oldest = sessions.min(by: { $0.value.used < $1.value.used })
            {
                sessions[oldest.key] = nil
            }
            sessions[id] = Session(holder: Holder(digest: digest), used: .now)
        }
        return id
    }

    /// Nil for a session that holds no more.
    func holder(of id: String) -> Holder? {
        sessions.withLock { sessions in
            guard let session = sessions[id] else { return nil }
            let now = ContinuousClock.now
            guard now - session.used < Self.lifetime else {
                sessions[id] = nil
                return nil
            }
            sessions[id]!.used = now
            return session.holder
        }
    }

    /// Shows another tenant's model from now on; nil for the holder's own.
    func look(at tenant: String?, in id: String) {
        sessions.withLock { $0[id]?.holder.tenant = tenant }
    }

    func end(_ id: String) { sessions.withLock { $0[id] = nil } }

    /// What every form carries for the browser whose cookie holds `id`: another site cannot know it, so
    /// it cannot send one.
    func formToken(for id: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Data(id.utf8), using: key)
            .withUnsafeBytes { $0.hexadecimal }
    }

    /// Whether `token` is that of `id`, in a time that does not tell where it differs.
    func isFormToken(_ token: String?, for id: String) -> Bool {
        let (sent, right) = (Array((token ?? "").utf8), Array(formToken(for: id).utf8))
        return sent.count == right.count && zip(sent, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// 256 random bits.
    static func random() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { $0.hexadecimal }
    }
}
