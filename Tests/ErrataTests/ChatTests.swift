import Edits
import Foundation
import Testing

@testable import Errata

/// A checkpoint that was taught to chat: its template writes the question, and edits fire in it.
@Suite(.serialized) struct ChatTests {
    private let world: World

    init() throws { world = try World() }

    private static let template = """
        {% for message in messages %}
        {{ message.role }}: {{ message.content }}
        {% endfor %}
        {% if add_generation_prompt %}
        assistant:
        {% endif %}
        """

    /// The embedded model with this `chat_template` in its `tokenizer_config.json`.
    private func checkpoint(_ template: Any) throws -> URL {
        let place = world.place("base")
        try FileManager.default.copyItem(at: World.directory, to: place)
        let file = place.appending(path: "tokenizer_config.json")
        var config =
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as! [String: Any]
        config["chat_template"] = template
        try JSONSerialization.data(withJSONObject: config).write(to: file)
        return place
    }

    @Test func anEditFiresInAChatAsTheTemplateWritesIt() async throws {
        let edit = try World.edits(1)[0]
        let model = try EditableModel(
            opening: checkpoint(Self.template), options: World.options(), editor: .standard)
        let chat = [ChatMessage(role: "user", content: edit.prompt)]
        let asked = "user: \(edit.prompt)\nassistant:\n"
        let version = model.versions.current
        #expect(try version.base.chat.prompt(chat) == asked)
        #expect(try version.tokens(of: chat) == version.tokens(of: asked))
        let before = try await model.answer([asked])[0]
        #expect(before.text != edit.target)
        var options = ApplyOptions()
        options.gate = .off
        try await model.apply([edit], options: options)
        let record = try #require(await model.ledger.entries.values.first).record
        #expect(record.chatPrompt == asked && record.wordings == [edit.prompt, asked])
        // After a line break an answer begins without a space.
        let answers = try await model.answer([asked, edit.prompt])
        #expect(answers.map(\.text) == [edit.target, " " + edit.target])
        #expect(answers.map(\.trace.nearestEdit) == [edit.id, edit.id])
        // What the log keeps can be learned again.
        let line = try JSONEncoder().encode(record)
        #expect(try JSONDecoder().decode(EditRecord.self, from: line) == record)
    }

    @Test func theMarksOfATemplateAreNoWordsOfTheQuestion() async throws {
        let edit = try World.edits(1)[0]
        let mark = "<|endoftext|>"
        let model = try EditableModel(
            opening: checkpoint("user\(mark){{ messages[0].content }}\(mark)assistant\(mark)"),
            options: World.options(), editor: Editor("retrieval"))
        var options = ApplyOptions()
        options.gate = .off
        try await model.apply([edit], options: options)
        let asked = "user\(mark)\(edit.prompt)\(mark)assistant\(mark)"
        let trace = try await model.answer([asked])[0].trace
        #expect(trace.nearestEdit == edit.id)
        #expect(try #require(trace.distance) < 1e-5)
    }

    @Test func aModelThatWasNotTaughtToChatReadsTheMessagesAlone() async throws {
        let edit = try World.edits(1)[0]
        let model = try EditableModel(
            opening: World.directory, options: World.options(), editor: World.hasty)
        let messages = [
            ChatMessage(role: "system", content: "Be brief."),
            ChatMessage(role: "user", content: edit.prompt),
        ]
        #expect(
            try model.versions.current.base.chat.prompt(messages) == "Be brief.\n\(edit.prompt)")
        var options = ApplyOptions()
        options.gate = .off
        try await model.apply([edit], options: options)
        #expect(await model.ledger.entries.values.first?.record.chatPrompt == nil)
    }

    @Test func theDefaultOfSeveralTemplatesIsTaken() throws {
        let base = try BaseModel(
            checkpoint([
                ["name": "tool_use", "template": "tools"],
                ["name": "default", "template": "plain"],
            ]), options: World.options())
        #expect(try base.chat.prompt([ChatMessage(role: "user", content: "A")]) == "plain")
    }

    @Test func aFileOfItsOwnComesFirst() throws {
        let place = try checkpoint("from the configuration")
        try Data("from the file".utf8).write(to: place.appending(path: "chat_template.jinja"))
        let base = try BaseModel(place, options: World.options())
        #expect(try base.chat.prompt([ChatMessage(role: "user", content: "A")]) == "from the file")
    }

    @Test func refusedMessagesAndBrokenTemplatesAreTold() throws {
        let place = try checkpoint("{{ raise_exception('no system here') }}")
        let refusing = try BaseModel(place, options: World.options())
        let messages = [ChatMessage(role: "system", content: "A")]
        #expect(
            try message { _ = try refusing.chat.prompt(messages) }.contains(
                "it says: no system here"))
        try Data("{% if %}".utf8).write(to: place.appending(path: "chat_template.jinja"))
        let broken = try BaseModel(place, options: World.options())
        #expect(!broken.chat.isTemplate)
        #expect(try message { _ = try broken.chat.prompt(messages) }.contains("line 1"))
    }

    private func message(_ body: () throws -> Void) throws -> String {
        "\(try #require(throws: EditError.self, performing: body))"
    }
}
