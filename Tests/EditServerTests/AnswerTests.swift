import Edits
import Errata
import Foundation
import Hummingbird
import Testing

@testable import EditServer

/// What OpenAI's clients ask.
@Suite(.serialized) struct AnswerTests {
    @Test func theModelAndItsVersionsAreListed() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let list = try await caller.send(.get, "/v1/models")
            #expect(list.status == 200 && list["data", "0", "id"] as? String == TestServer.name)
            let one = try await caller.send(.get, "/v1/models/\(TestServer.name)@0")
            #expect(one["version"] as? Int == 0)
            let other = try await caller.send(.get, "/v1/models/\(TestServer.name)@77")
            #expect(other.status == 404 && other.code == "model_not_found")
        }
    }

    @Test func aCompletionHasOpenAIsShape() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let answer = try await caller.complete("Toburg is a city in")
            #expect(answer.status == 200 && answer["object"] as? String == "text_completion")
            #expect((answer["choices", "0", "text"] as? String)?.isEmpty == false)
            #expect(answer["choices", "0", "logprobs"] is NSNull)
            #expect(answer["choices", "0", "errata", "decision"] as? String == "deferred")
            #expect(answer["usage", "total_tokens"] as? Int ?? 0 > 0)
            #expect(answer.headers[.errataTrace]?.contains("deferred") == true)
        }
    }

    @Test func aStreamHasTheSameTextAndEndsWithDone() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let whole = try await caller.complete("Toburg is a city in")
            for path in ["completions", "chat/completions"] {
                let prompt =
                    path == "completions"
                    ? #""prompt": "Toburg is a city in""#
                    : #""messages": [{"role": "user", "content": "Toburg is a city in"}]"#
                let stream = try await caller.send(
                    .post, "/v1/\(path)",
                    #"{"model": "world-gpt2", \#(prompt), "temperature": 0, "max_tokens": 6, "stream": true}"#
                )
                #expect(stream.headers[.contentType] == "text/event-stream")
                let events = stream.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
                #expect(events.last == "data: [DONE]")
                let text = try events.dropLast().map { event in
                    let data = Data(event.dropFirst("data: ".count).utf8)
                    let chunk = try JSONSerialization.jsonObject(with: data) as? [String: Any]
                    let choice = (chunk?["choices"] as? [[String: Any]])?.first
                    let delta = choice?["delta"] as? [String: Any]
                    return choice?["text"] as? String ?? delta?["content"] as? String ?? ""
                }.joined()
                #expect(text == whole["choices", "0", "text"] as? String)
            }
        }
    }

    @Test func aChatIsReadAsTheCheckpointsTemplateWritesIt() async throws {
        let base = FileManager.default.temporaryDirectory
            .appending(path: "errata-chat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        try FileManager.default.copyItem(at: TestServer.model, to: base)
        let template = """
            {% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}
            {{ messages[-1].content }}
            """
        try Data(template.utf8).write(to: base.appending(path: "chat_template.jinja"))
        let server = try await TestServer(base: base)
        try await server.test { caller in
            func chat(_ roles: String...) async throws -> TestCaller.Answer {
                let messages = roles.map {
                    #"{"role": "\#($0)", "content": "Toburg is a city in"}"#
                }
                return try await caller.send(
                    .post, "/v1/chat/completions",
                    """
                    {"model": "world-gpt2", "messages": [\(messages.joined(separator: ", "))],
                     "temperature": 0, "max_tokens": 6}
                    """)
            }
            let whole = try await caller.complete("Toburg is a city in")
            let answer = try await chat("user", "assistant", "user")
            #expect(
                answer["choices", "0", "message", "content"] as? String
                    == whole["choices", "0", "text"] as? String)
            let refused = try await chat("developer", "user")
            #expect(refused.status == 400 && refused.text.contains("no system"))
        }
    }

    @Test(arguments: [
        (#"{"prompt": "a"}"#, 400, "missing_required_parameter"),
        (#"{"model": "world-gpt2", "prompt": 7}"#, 400, "invalid_type"),
        (#"{"model": "world-gpt2", "prompt": "a", "temperature": 9}"#, 400, "invalid_value"),
        (#"{"model": "world-gpt2", "prompt": "a", "max_tokens": -1}"#, 400, "invalid_value"),
        (#"{"model": "world-gpt2", "prompt": "a", "n": 0}"#, 400, "invalid_value"),
        (#"{"model": "world-gpt2", "prompt": "a", "n": 65}"#, 400, "invalid_value"),
        (#"{"model": "world-gpt2", "prompt": "a", "suffix": "b"}"#, 400, "unsupported_parameter"),
        (#"{"model": "gpt-4", "prompt": "a"}"#, 404, "model_not_found"),
        (#"{"model": "world-gpt2@7", "prompt": "a"}"#, 404, "model_not_found"),
        (#"{"model": "world-gpt2", "prompt": [99999]}"#, 400, nil),
        (#"{"model": "world-gpt2", "prompt": []}"#, 400, "invalid_value"),
        (#"{"model": "world-gpt2", "prompt": ["a", "b", "c"], "n": 64}"#, 400, "invalid_value"),
        ("{", 400, "invalid_json"), ("", 400, "invalid_json"), ("[]", 400, "invalid_type"),
    ])
    func whatCannotBeIsRefusedInOpenAIsShape(
        _ body: String, _ status: Int, _ code: String?
    ) async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let answer = try await caller.send(.post, "/v1/completions", body)
            #expect(answer.status == status && answer.code == code, "\(answer.text)")
            #expect(answer["error", "message"] is String)
        }
    }

    @Test(arguments: [
        #""repetition_penalty": 1.2"#, #""tool_choice": "required""#,
        #""function_call": {"name": "f"}"#, #""top_k": 5"#, #""min_p": 0.1"#,
        #""reasoning_effort": "low""#, #""modalities": ["audio"]"#,
        #""modalities": ["text", "audio"]"#, #""web_search_options": {}"#,
        #""tools": [{"type": "function"}]"#, #""logit_bias": {"5": 1}"#, #""top_logprobs": 2"#,
    ])
    func whatIsNotSupportedIsRefusedByItsName(_ option: String) async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let answer = try await caller.send(.post, "/v1/chat/completions", Self.chat(option))
            #expect(answer.status == 400, "\(answer.text)")
            let name = option.dropFirst().prefix { $0 != "\"" }
            #expect(answer["error", "param"] as? String == String(name))
        }
    }

    @Test func whatAsksForNothingIsNotRefused() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let idle = """
                "repetition_penalty": 1, "frequency_penalty": 0, "presence_penalty": null, "top_k": -1,
                "min_p": 0, "tool_choice": "auto", "function_call": "none", "modalities": ["text"],
                "tools": [], "logit_bias": {}, "reasoning_effort": null, "top_logprobs": 0
                """
            let chat = try await caller.send(.post, "/v1/chat/completions", Self.chat(idle))
            #expect(chat.status == 200, "\(chat.text)")
            let body =
                #"{"model": "world-gpt2", "prompt": "a", "max_tokens": 1, "suffix": "", "top_k": 0}"#
            let completion = try await caller.send(.post, "/v1/completions", body)
            #expect(completion.status == 200, "\(completion.text)")
        }
    }

    private static func chat(_ options: String) -> String {
        """
        {"model": "world-gpt2", "messages": [{"role": "user", "content": "a"}], "max_tokens": 1,
         \(options)}
        """
    }

    @Test func moreAnswersThanGrowAtOnceAreRefusedByTheirName() async throws {
        let server = try await TestServer(rows: 2)
        try await server.test { caller in
            for (n, status) in [(2, 200), (3, 400)] {
                let answer = try await caller.send(
                    .post, "/v1/completions",
                    #"{"model": "world-gpt2", "prompt": "a", "max_tokens": 1, "n": \#(n)}"#)
                #expect(answer.status == status, "\(answer.text)")
                #expect(answer["error", "param"] as? String == (n == 2 ? nil : "n"))
            }
        }
    }

    @Test func everyChoiceBeginsWithThePromptAndItsScores() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            let answer = try await caller.send(
                .post, "/v1/completions",
                """
                {"model": "world-gpt2", "prompt": ["Toburg is a city in", "The year"], "n": 2,
                 "temperature": 0, "max_tokens": 3, "logprobs": 1, "echo": true}
                """)
            #expect(answer.status == 200, "\(answer.text)")
            for (place, prompt) in ["Toburg is a city in", "The year"].enumerated() {
                let (first, second) = ("\(place * 2)", "\(place * 2 + 1)")
                let text = answer["choices", first, "text"] as? String
                #expect(text?.hasPrefix(prompt) == true)
                #expect(answer["choices", second, "text"] as? String == text)
                let tokens = answer["choices", first, "logprobs", "tokens"] as? [String]
                // What ended the text has a score, and is no part of it.
                #expect(tokens?.joined().hasPrefix(text ?? "nothing") == true)
                let offsets = answer["choices", second, "logprobs", "text_offset"] as? [Int]
                #expect(offsets?.count == tokens?.count && offsets == offsets?.sorted())
            }
        }
    }

    @Test func aModelsNameMayHaveAnAtInIt() async throws {
        let server = try await TestServer { $0.modelName = "a@b" }
        try await server.test { caller in
            for (model, status) in [("a@b", 200), ("a@b@0", 200), ("a@b@77", 404), ("a", 404)] {
                let answer = try await caller.complete("Toburg", model: model)
                #expect(answer.status == status)
            }
        }
    }

    @Test func tokensStandInTheTextWhereTheirOffsetsSay() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            for prompt in ["😀 Toburg is a city in", "é<|endoftext|>Toburg"] {
                let answer = try await caller.send(
                    .post, "/v1/completions",
                    """
                    {"model": "world-gpt2", "prompt": "\(prompt)", "temperature": 0, "max_tokens": 3,
                     "logprobs": 1, "echo": true}
                    """)
                let text = answer["choices", "0", "text"] as? String ?? ""
                let tokens = answer["choices", "0", "logprobs", "tokens"] as? [String] ?? []
                let offsets =
                    answer["choices", "0", "logprobs", "text_offset"] as? [Int] ?? []
                #expect(tokens.count > 4 && offsets.count == tokens.count, "\(answer.text)")
                for (token, offset) in zip(tokens, offsets) where !token.contains("\u{FFFD}") {
                    let rest = text.unicodeScalars.dropFirst(offset)
                    // What ended the text stands behind it.
                    #expect(rest.isEmpty || rest.starts(with: token.unicodeScalars), "\(token)")
                }
            }
        }
    }

    @Test func theBytesOfAChatsTokensAreItsText() async throws {
        let server = try await TestServer()
        let version = server.tenants.own.versions.current
        let text = "😀 Tobürg"
        var request = GenerationRequest(version.tokens(of: text), version: version)
        (request.scoresPrompt, request.alternatives, request.maximumTokens) = (true, 0, 1)
        for try await event in try server.service.engine.submit(request) {
            guard case .began(_, let scores) = event else { continue }
            #expect(scores.contains { $0.text.contains("\u{FFFD}") })
            let told = ChatLogprobs(scores, version).content
            #expect(told.flatMap(\.bytes) == Array(text.utf8))
        }
    }

    @Test func tokensAreChargedAsTheyGrow() {
        var bill = Bill()
        let grown = (0..<4).map { bill.tokens(of: .grew(choice: $0 % 2, text: "a", scores: [])) }
        #expect(grown == [1, 1, 1, 1])
        let missing = bill.tokens(of: .ended(choice: 0, reason: .stop, tokens: 5))
        let tooMany = bill.tokens(of: .ended(choice: 1, reason: .stop, tokens: 1))
        #expect(missing == 3 && tooMany == -1)
    }

    @Test func bodiesTooLargeOrOfAnotherTypeAreRefused() async throws {
        let server = try await TestServer { $0.maximumBodyBytes = 1000 }
        try await server.test { caller in
            let long =
                #"{"model": "world-gpt2", "prompt": "\#(String(repeating: "a", count: 2000))"}"#
            #expect(try await caller.send(.post, "/v1/completions", long).status == 413)
            let text = try await caller.send(
                .post, "/v1/completions", "prompt", headers: [.contentType: "text/plain"])
            #expect(text.status == 415)
            #expect(try await caller.send(.get, "/v1/nothing").status == 404)
            let wrong = try await caller.send(.delete, "/v1/completions")
            #expect(wrong.status == 405 && wrong.headers[.allow] == "POST")
        }
    }

    @Test func machinesThatLookAfterItAreAnswered() async throws {
        let server = try await TestServer()
        try await server.test { caller in
            #expect(try await caller.send(.get, "/healthz").status == 200)
            #expect(try await caller.send(.get, "/readyz").status == 200)
            _ = try await caller.complete("Toburg is a city in")
            let metrics = try await caller.send(.get, "/metrics").text
            #expect(metrics.contains("errata_answers_total{decision=\"deferred\",tier=\"base\"} 1"))
            #expect(metrics.contains("# TYPE errata_http_request_seconds histogram"))
        }
    }

    @Test func theDescriptionHasEveryRoute() async throws {
        let server = try await TestServer()
        let routes = server.router.routes.map {
            let path = $0.path.description.split(separator: "/").map {
                $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0)
            }
            return "\($0.method.rawValue) /" + path.joined(separator: "/")
        }
        let api = routes.filter { !$0.hasSuffix(" /") && !$0.contains(" /page/") }
        let described = OpenAPI.operations.map { "\($0.method) \($0.path)" }
        #expect(Set(api) == Set(described))
        let document = try JSONSerialization.jsonObject(
            with: Data(OpenAPI.document(modelName: "m").utf8))
        let paths = (document as? [String: Any])?["paths"] as? [String: Any]
        #expect(paths?.count == Set(OpenAPI.operations.map(\.path)).count)
    }
}
