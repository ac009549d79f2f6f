import Edits
import Errata
import Foundation
import Hummingbird
import Testing

@testable import EditServer

/// The page, as a browser without a script sees it.
@Suite(.serialized) struct PageTests {
    private static let people: [(name: String, roles: [Role], tenant: String?)] = [
        ("ada", [.ask, .propose], nil), ("grace", [.ask, .approve], nil), ("alan", [.ask], nil),
    ]

    @Test func everyViewHoldsWhatItShould() async throws {
        let server = try await TestServer()
        let edits = try TestServer.edits(0..<3)
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            #expect(try await visitor.get("/").contains("Nothing was corrected yet."))
            _ = try await caller.apply(edits)
            _ = try await caller.complete(edits[0].prompt)
            let log = try await visitor.get("/")
            #expect(edits.allSatisfy { log.contains(">\($0.prompt.escaped)</a>") })
            let found = try await visitor.get("/?query=\(edits[1].target)")
            #expect(found.contains(edits[1].prompt.escaped))
            #expect(!found.contains(edits[0].prompt.escaped))
            let page = try await visitor.get("/?limit=2")
            #expect(page.contains("Older corrections") && !page.contains(edits[0].prompt.escaped))
            #expect(page.contains("href=\"/?limit=2&amp;after=3\""))
            let story = try await visitor.get("/page/edits/2")
            #expect(story.contains(edits[0].target) && story.contains("Published"))
            let asked = try await visitor.post("/page/ask", ["prompt": edits[0].prompt])
            #expect(asked.status == 200 && asked.text.contains(">edited</span>"))
            #expect(asked.text.contains("href=\"/page/edits/2\""))
            let traffic = try await visitor.get("/page/traffic")
            #expect(traffic.contains("<svg") && traffic.contains("Deferred"))
        }
    }

    @Test func wordsNeverBecomeMarkup() async throws {
        let server = try await TestServer()
        let evil = "<script>alert(\"1\")</script>&amp;'"
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            let fields = [
                "prompt": "A \(evil)", "target": "B \(evil)", "reason": "C \(evil)",
                "source": "D \(evil)", "rephrases": "E \(evil)", "force": "yes",
            ]
            let made = try await visitor.post("/page/propose", fields, ["action": "apply"])
            #expect(made.status == 303 && made.headers[.location] == "/page/edits/2?done=taught")
            let waiting = try await visitor.post("/page/propose", fields)
            #expect(waiting.headers[.location] == "/page/waiting?done=proposed")
            for path in [
                "/", "/page/edits/2", "/page/undo/2", "/page/waiting",
                "/?query=\("\"><script>".addingPercentEncoding(withAllowedCharacters: .alphanumerics)!)",
            ] {
                let page = try await visitor.get(path)
                #expect(page.contains("&lt;script&gt;"), "\(path)")
                #expect(!page.contains("<script>") && !page.contains("\"><script"), "\(path)")
            }
            let refused = try await visitor.post(
                "/page/propose", ["prompt": evil, "target": " "])
            #expect(refused.status == 400 && !refused.text.contains("<script>"))
        }
    }

    @Test func whatIsApprovedIsShownWhole() async throws {
        let server = try await TestServer()
        var edit = try TestServer.edits(0..<1)[0]
        (edit.rephrases, edit.chatPrompt) = (["In other words"], "User: something else")
        try await server.tenants.own.model.propose([edit])
        try await server.test { caller in
            let page = try await TestVisitor(caller).get("/page/waiting")
            #expect(page.contains("In other words · User: something else"))
        }
    }

    @Test func anUndoIsAskedForOnceMore() async throws {
        let server = try await TestServer()
        let edit = try TestServer.edits(0..<1)[0]
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            _ = try await caller.apply([edit])
            let question = try await visitor.get("/page/undo/2")
            #expect(question.contains("Take this correction back?"))
            #expect(try await caller.send(.get, "/v1/edits/2")["state"] as? String == "live")
            let undone = try await visitor.post("/page/undo/2", ["reason": "wrong"])
            #expect(undone.headers[.location] == "/page/edits/2?done=undone")
            #expect(try await caller.send(.get, "/v1/edits/2")["state"] as? String == "undone")
            let again = try await visitor.post("/page/undo/2")
            #expect(again.status == 409 && again.text.contains("is undone already"))
            let back = try await visitor.post("/page/undo/4")
            #expect(back.status == 303)
            #expect(try await caller.send(.get, "/v1/edits/2")["state"] as? String == "live")
        }
    }

    @Test func aFormFromElsewhereIsRefused() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            let fields = ["prompt": "A", "target": "b"]
            let bare = try await visitor.post("/page/propose", fields, ["form-token": "0"])
            #expect(bare.status == 403 && bare.text.contains("form of this page"))
            let stranger = TestVisitor(caller)
            _ = try await stranger.get("/page/propose")
            let foreign = try await visitor.post(
                "/page/propose", fields, ["form-token": stranger.formToken])
            #expect(foreign.status == 403)
            let site = try await visitor.post(
                "/page/propose", fields, headers: [.init("Sec-Fetch-Site")!: "cross-site"])
            #expect(site.status == 403)
            #expect((try await caller.send(.get, "/v1/edits")["data"] as? [Any])?.isEmpty == true)
            let page = try await caller.send(.get, "/")
            let policy = page.headers[.contentSecurityPolicy] ?? ""
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        }
    }

    @Test func rolesAreRefusedInSentences() async throws {
        let server = try await TestServer(tokens: Self.people) { $0.needsApproval = true }
        let edit = try TestServer.edits(0..<1)[0]
        try await server.test { caller in
            let away = try await caller.send(.get, "/")
            #expect(away.status == 303 && away.headers[.location] == "/page/sign-in")
            let (ada, grace, alan) = (
                TestVisitor(caller), TestVisitor(caller), TestVisitor(caller)
            )
            try await ada.signIn("ada")
            try await grace.signIn("grace")
            try await alan.signIn("alan")
            let proposed = try await ada.post(
                "/page/propose", ["prompt": edit.prompt, "target": edit.target])
            #expect(proposed.headers[.location] == "/page/waiting?done=proposed")
            let waiting = try await alan.send("/page/waiting")
            #expect(waiting.status == 403 && waiting.text.contains("role propose or approve"))
            #expect(try await alan.get("/").contains("Ask the model"))
            let own = try await ada.post("/page/proposals/2/approve")
            #expect(own.status == 403 && own.text.contains("role approve"))
            let undo = try await alan.post("/page/undo/2")
            #expect(undo.status == 403 && undo.text.contains("role approve"))
            let approved = try await grace.post("/page/proposals/2/approve", ["force": "yes"])
            #expect(approved.headers[.location] == "/page/edits/3?done=approved")
            #expect(try await grace.get("/page/edits/3").contains("by grace"))
        }
    }

    @Test func aSignInEndsWithItsToken() async throws {
        let server = try await TestServer(tokens: Self.people)
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            let refused = try await visitor.post(
                "/page/sign-in", ["token": "errata-1"], from: "/page/sign-in")
            #expect(refused.status == 401 && refused.text.contains("a token that holds"))
            let cookie = try await visitor.signIn("ada")
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
            #expect(!cookie.contains(caller.secrets["ada"]!))
            let away = try await visitor.post(
                "/page/sign-in", ["token": caller.secrets["ada"]!, "to": "//elsewhere.example"])
            #expect(away.headers[.location] == "/")
            let file = server.folder.appending(path: "tokens.json")
            var tokens = try TokenFile(file)
            try tokens.revoke("ada")
            try tokens.write(to: file)
            try await Task.sleep(for: .seconds(1.1))
            let page = try await visitor.send("/")
            #expect(page.status == 303 && page.headers[.location] == "/page/sign-in")
            let late = try await visitor.post("/page/sign-out")
            #expect(late.status == 303 && late.headers[.location] == "/page/sign-in")
        }
    }

    @Test func whoAsksTooOftenIsToldWhenToComeBack() async throws {
        let server = try await TestServer(tokens: Self.people)
        let file = server.folder.appending(path: "tokens.json")
        var tokens = try TokenFile(file)
        tokens.tokens[2].requestsPerMinute = 3
        try tokens.write(to: file)
        try await Task.sleep(for: .seconds(1.1))
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            try await visitor.signIn("alan")
            _ = try await visitor.get("/page/ask")
            let refused = try await visitor.send("/page/ask")
            #expect(refused.status == 429 && refused.text.contains("<h1>"))
            #expect(refused.headers[.retryAfter].flatMap { Int($0) } != nil)
        }
    }

    @Test func anAdministratorLooksAtEveryTenant() async throws {
        let people: [(name: String, roles: [Role], tenant: String?)] = [
            ("root", [.admin], nil), ("tina", [.ask, .approve], "acme"), ("ada", [.propose], nil),
        ]
        let server = try await TestServer(tokens: people)
        let edits = try TestServer.edits(0..<2)
        try await server.test { caller in
            #expect(try await caller.apply([edits[0]], as: "tina").status == 200)
            #expect(try await caller.apply([edits[1]], as: "root").status == 200)
            let root = TestVisitor(caller)
            try await root.signIn("root")
            #expect(try await root.get("/").contains(edits[1].prompt.escaped))
            #expect(try await root.post("/page/tenant", ["tenant": "acme"]).status == 303)
            let log = try await root.get("/")
            #expect(log.contains(edits[0].prompt.escaped) && !log.contains(edits[1].prompt.escaped))
            #expect(log.contains("<option value=\"acme\" selected>"))
            #expect(log.contains("<span>root</span>"))
            let asked = try await root.post("/page/ask", ["prompt": edits[0].prompt])
            #expect(asked.text.contains(">edited</span>"))
            #expect(try await root.post("/page/tenant", ["tenant": "nobody"]).status == 403)
            #expect(try await root.post("/page/tenant", ["tenant": ""]).status == 303)
            #expect(try await root.get("/").contains(edits[1].prompt.escaped))
            let ada = TestVisitor(caller)
            try await ada.signIn("ada")
            #expect(!(try await ada.get("/").contains("acme")))
            #expect(try await ada.post("/page/tenant", ["tenant": "acme"]).status == 403)
        }
    }

    @Test func aFollowersPageOffersNoChanges() async throws {
        let server = try await TestServer { $0.isReadOnly = true }
        try await server.test { caller in
            let visitor = TestVisitor(caller)
            #expect(!(try await visitor.get("/").contains("/page/propose")))
            let refused = try await visitor.post(
                "/page/propose", ["prompt": "A", "target": "b"], from: "/page/ask")
            #expect(refused.status == 403 && refused.text.contains("follows another"))
        }
    }
}

extension String {
    fileprivate var escaped: String {
        let html: HTML = "\(self)"
        return html.text
    }
}
