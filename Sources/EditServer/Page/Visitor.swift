import Hummingbird
import HummingbirdCore

/// Who looks at a page.
struct Visitor: Sendable {
    let caller: Caller
    /// What their cookie holds: the session, or before a sign-in what their forms are known by.
    let id: String
    /// Whether the cookie must be set.
    let isNew: Bool
    /// Whether they choose whose model they look at.
    var mayCross = false

    /// Whether they may do anything at all.
    var isKnown: Bool { !caller.roles.isEmpty }
    /// Whether they may read the log.
    var reads: Bool { caller.may(.propose) || caller.may(.approve) }
}

extension PageRoutes {
    /// The session. A link on another site does not send it along.
    static let sessionCookie = "errata-session"
    /// What forms are known by before a sign-in, or where none is needed.
    static let formCookie = "errata-form"

    /// - Throws: `APIError` for a token that asks too often.
    func visitor(_ request: Request) throws -> Visitor {
        let cookies = request.cookies
        if !service.doorkeeper.isOpen, let id = cookies[Self.sessionCookie]?.value,
            let holder = sessions.holder(of: id)
        {
            do {
                var caller = try service.doorkeeper.caller(bearing: holder.digest)
                let mayCross = caller.mayCross
                if mayCross { caller.tenant = holder.tenant }
                return Visitor(caller: caller, id: id, isNew: false, mayCross: mayCross)
            } catch let error as APIError where error.status == .unauthorized {
                // The token was taken back.
                sessions.end(id)
            }
        }
        let caller = service.doorkeeper.isOpen ? Caller.anybody : .nobody
        if let id = cookies[Self.formCookie]?.value, id.utf8.count == 64 {
            return Visitor(caller: caller, id: id, isNew: false)
        }
        return Visitor(caller: caller, id: Sessions.random(), isNew: true)
    }

    func cookie(_ name: String, _ value: String, sameSite: Cookie.SameSite, age: Int? = nil)
        -> Cookie
    {
        Cookie(
            name: name, value: value, maxAge: age, path: "/", secure: service.settings.tls != nil,
            httpOnly: true, sameSite: sameSite)
    }
}
