import Edits
import Errata
import Foundation
import Hummingbird
import Testing

@testable import EditServer

/// Corrections over HTTP.
@Suite(.serialized) struct EditTests {
    @Test func anEditGoesLiveIsFoundAndIsTakenBack() async throws {
        let server = try await TestServer(method: .elder(.default))
        let edit = try TestServer.edits(0..<1)[0]
        try await server.test { caller in
            let before = try await caller.complete(edit.prompt)
            let made = try await caller.apply([edit], key: "one")
            #expect(made.status == 200 && made["state"] as? String == "live", "\(made.text)")
            let again = try await caller.apply([edit], key: "one")
            #expect(again["repeated"] as? Bool == true)
            let after = try await caller.complete(edit.prompt)
            #expect(after["choices", "0", "text"] as? String == " " + edit.target)
            #expect(after["choices", "0", "errata", "nearestEdit"] as? String == edit.id)
            let version = made["version"] as? Int ?? 0
            #expect(after["model"] as? String == "\(TestServer.name)@\(version)")
            let old = try await caller.complete(
                edit.prompt, model: before["model"] as? String ?? "")
            #expect(
                old["choices", "0", "text"] as? String
                    == before["choices", "0", "text"] as? String)
            let found = try await caller.send(.get, "/v1/edits?state=live&query=\(edit.subject!)")
            #expect(found["data", "0", "id"] as? String == edit.id)
            let undone = try await caller.send(.delete, "/v1/edits/\(edit.id)")
            #expect(undone.status == 200 && undone["edits", "0", "state"] as? String == "undone")
            let late = try await caller.apply([edit], key: "one")
            #expect(late["repeated"] as? Bool == true && late["state"] as? String == "undone")
            let last = try await caller.complete(edit.prompt)
            #expect(
                last["choices", "0", "text"] as? String
                    == before["choices", "0", "text"] as? String)
            let story = try await caller.send(.get, "/v1/edits/\(edit.id)")
            #expect((story["story"] as? [Any])?.count == 3)
        }
    }

    @Test func editsLandTogetherOrNotAtAll() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let wrong = try await caller.send(
                .post, "/v1/edits",
                #"{"edits": [{"prompt": "A", "target": "b"}, {"prompt": "C", "target": " "}]}"#)
            #expect(wrong.status == 400 && wrong.text.contains("target"))
            #expect((try await caller.send(.get, "/v1/edits")["data"] as? [Any])?.isEmpty == true)
            let unknown = try await caller.send(
                .post, "/v1/edits", #"{"edits": [{"prompt": "A", "target": "b", "colour": 1}]}"#)
            #expect(unknown.status == 400 && unknown.text.contains("colour"))
            let odd = try await caller.send(
                .post, "/v1/edits",
                #"{"edits": [{"prompt": "A", "target": "b"}], "conflicts": "odd"}"#)
            #expect(odd.status == 400 && odd.text.contains("value of `conflicts`: the body is not"))
            let hidden = try await caller.send(
                .post, "/v1/edits",
                #"{"edits": [{"prompt": "A", "target": "b", "chatPrompt": "C"}]}"#)
            #expect(hidden.status == 400 && hidden.text.contains("chatPrompt"))
        }
    }

    @Test func anEditCannotBeTakenForAnEvent() async throws {
        let server = try await TestServer()
        var edits = try TestServer.edits(0..<2)
        // Files number their edits: the first is called as the event of the second.
        edits[0].id = "6"
        let (model, first, second) = (server.tenants.own.model, edits[0], edits[1])
        try await server.test { caller in
            for name in ["4", "#4"] {
                let sent = try await caller.send(
                    .post, "/v1/edits",
                    #"{"edits": [{"id": "\#(name)", "prompt": "A", "target": "b"}]}"#)
                #expect(sent.status == 400 && sent.code == "invalid_value", "\(sent.text)")
            }
            let year = try await caller.send(
                .post, "/v1/edits",
                #"{"edits": [{"prompt": "1984", "target": "b"}], "force": true}"#)
            let name = try #require(year["edits", "0", "id"] as? String)
            #expect(name.hasPrefix("1984-"), "\(year.text)")
            var options = ApplyOptions()
            options.isForced = true
            try await model.apply([first], options: options)
            try await model.apply([second], options: options)
            let named = try await caller.send(.get, "/v1/edits/6")
            #expect(named["event"] as? Int == 4 && named["id"] as? String == "6", "\(named.text)")
            let numbered = try await caller.send(.get, "/v1/edits/%236")
            #expect(numbered["id"] as? String == second.id, "\(numbered.text)")
            let undone = try await caller.send(.delete, "/v1/edits/%236")
            #expect(undone["edits", "0", "id"] as? String == second.id, "\(undone.text)")
            #expect(try await caller.send(.get, "/v1/edits/%2399").status == 404)
        }
    }

    @Test func aNameTooLongForAHeaderIsRefusedAndThoseOfOldLogsAreCut() async throws {
        let server = try await TestServer()
        var edit = try TestServer.edits(0..<1)[0]
        let (model, prompt) = (server.tenants.own.model, edit.prompt)
        edit.id = String(repeating: "é", count: 35_000)
        let old = edit
        try await server.test { caller in
            for (name, status) in [(String(repeating: "a", count: 257), 400), (old.id, 400)] {
                var edit = old
                edit.id = name
                let sent = try await caller.apply([edit])
                #expect(sent.status == status && sent.code == "invalid_value", "\(sent.text)")
            }
            var options = ApplyOptions()
            options.isForced = true
            try await model.apply([old], options: options)
            let answer = try await caller.complete(prompt)
            #expect(answer["choices", "0", "errata", "nearestEdit"] as? String == old.id)
            let header = try #require(answer.headers[.errataTrace])
            #expect(header.utf8.count < 4096)
            let trace = try JSONDecoder().decode(RouteTrace.self, from: Data(header.utf8))
            #expect(trace.nearestEdit == String(old.id.prefix(256)))
            var short = try TestServer.edits(1..<2)[0]
            short.id = String(repeating: "a", count: 256)
            #expect(try await caller.apply([short]).status == 200)
        }
    }

    @Test func whatCanNeverBeTakenBackIsNotCalledDecided() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let refused = try await caller.send(.delete, "/v1/edits/%231")
            #expect(refused.status == 400 && refused.code == "cannot_be_undone", "\(refused.text)")
            let edits = try TestServer.edits(0..<1)
            #expect(try await caller.apply(edits).status == 200)
            #expect(try await caller.send(.delete, "/v1/edits/\(edits[0].id)").status == 200)
            let again = try await caller.send(.delete, "/v1/edits/\(edits[0].id)")
            #expect(again.status == 409 && again.code == "already_decided", "\(again.text)")
        }
    }

    @Test func aVersionIsListedWithTheEditsThatHeldInIt() async throws {
        let server = try await TestServer()
        let edits = try TestServer.edits(0..<3)
        try await server.test { caller in
            for edit in edits { #expect(try await caller.apply([edit]).status == 200) }
            for event in ["%234", "%236", "%238"] {
                #expect(try await caller.send(.delete, "/v1/edits/\(event)").status == 200)
            }
            let answer = try await caller.send(.get, "/v1/snapshots")
            let rows = answer["data"] as? [[String: Any]] ?? []
            let counts = Dictionary(
                rows.map { ($0["version"] as? Int ?? -1, $0["edits"] as? Int ?? -1) }
            ) { first, _ in first }
            // Taken back are the second edit, the third, and the first of these undos.
            let expected = [0: 0, 3: 1, 5: 2, 7: 3, 8: 2, 9: 1, 10: 2]
            #expect(counts.filter { expected[$0.key] != nil } == expected, "\(answer.text)")
            #expect(answer["has_more"] as? Bool == false)
            let first = try await caller.send(.get, "/v1/snapshots?limit=2")
            #expect(first["has_more"] as? Bool == true)
            let last = first["data", "1", "version"] as? Int ?? 0
            let second = try await caller.send(.get, "/v1/snapshots?after=\(last)")
            let pages = [first, second].flatMap { $0["data"] as? [[String: Any]] ?? [] }
            #expect(pages.map { $0["version"] as? Int } == rows.map { $0["version"] as? Int })
            #expect(second["has_more"] as? Bool == false)
        }
        let ledger = await server.tenants.own.model.ledger
        let counts = try ledger.liveCounts(at: Set(0...ledger.version + 1))
        #expect(counts.count == ledger.version)
        for (version, count) in counts {
            #expect(try ledger.at(version: version).live.joined().count == count)
        }
    }

    @Test func pagesGoOnWhereTheLastOneEnded() async throws {
        let server = try await TestServer()
        let edits = try TestServer.edits(0..<5)
        try await server.test { caller in
            #expect(try await caller.apply(edits).status == 200)
            let first = try await caller.send(.get, "/v1/edits?limit=3")
            #expect(first["has_more"] as? Bool == true)
            let last = first["data", "2", "event"] as? Int ?? 0
            let second = try await caller.send(.get, "/v1/edits?limit=3&after=\(last)")
            #expect(second["has_more"] as? Bool == false)
            #expect(second["data", "1", "id"] as? String == edits[0].id)
            #expect(try await caller.send(.get, "/v1/edits?limit=0").status == 400)
            #expect(try await caller.send(.get, "/v1/edits?state=odd").status == 400)
            #expect(try await caller.send(.get, "/v1/edits/nobody").status == 404)
        }
    }

    @Test func explainTellsBothAnswers() async throws {
        let server = try await TestServer(method: .elder(.default))
        let edit = try TestServer.edits(1..<2)[0]
        try await server.test { caller in
            _ = try await caller.apply([edit])
            let prompt = String(
                decoding: try JSONEncoder().encode(["prompt": edit.prompt]), as: UTF8.self)
            let told = try await caller.send(.post, "/v1/explain", prompt)
            #expect(told["changed"] as? Bool == true, "\(told.text)")
            #expect(told["edit", "id"] as? String == edit.id)
        }
    }

    @Test func aFollowerChangesNothing() async throws {
        let server = try await TestServer { $0.isReadOnly = true }
        try await server.test { caller in
            let edit = try TestServer.edits(0..<1)
            #expect(try await caller.apply(edit).code == "read_only")
            #expect(try await caller.send(.delete, "/v1/edits/1").code == "read_only")
        }
    }
}
