import ChatTemplates
import Foundation
import Testing

/// Templates and conversations, and what transformers made of them with Jinja2;
/// `reference/chat_templates.py` writes the file.
@Suite struct RecordedTests {
    struct Fixture: Decodable {
        var conversations: [String: [Turn]]
        var templates: [String: String]
        var cases: [Case]
    }

    struct Turn: Decodable {
        var role: String
        var content: String
    }

    struct Case: Decodable, CustomTestStringConvertible {
        var template: String
        var conversation: String
        var bos: String?
        var eos: String?
        var begins: Bool
        /// What came: a text, the message of `raise_exception`, or another error.
        var text: String?
        var refusal: String?
        var fails: Bool?

        var testDescription: String { "\(template), \(conversation), \(begins)" }
    }

    static let fixture = Result {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/chat-templates.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    @Test func coversPublishedTemplatesAndRules() throws {
        let fixture = try Self.fixture.get()
        #expect(fixture.templates.count > 300)
        #expect(fixture.cases.count > 800)
    }

    @Test(arguments: (try? fixture.get().cases) ?? [])
    func rendersAsRecorded(_ recorded: Case) throws {
        let fixture = try Self.fixture.get()
        let source = try #require(fixture.templates[recorded.template])
        let turns = try #require(fixture.conversations[recorded.conversation])
        do {
            let text = try render(source, turns, recorded)
            // Scalar by scalar: strings are equal to Swift when they look the same.
            #expect(
                text.unicodeScalars.elementsEqual((recorded.text ?? "an error").unicodeScalars),
                "\(source.debugDescription) gave \(text.debugDescription)")
        } catch let error as ChatTemplateError {
            #expect(recorded.text == nil, "\(source.debugDescription): \(error)")
            #expect(recorded.refusal == (error.isRefusal ? error.message : nil))
            #expect(error.isRefusal || error.message.hasPrefix("line "), "\(error)")
        }
    }

    private func render(_ source: String, _ turns: [Turn], _ recorded: Case) throws -> String {
        try ChatTemplate(source).render(
            turns.map { .init(role: $0.role, content: $0.content) }, bosToken: recorded.bos,
            eosToken: recorded.eos, addsGenerationPrompt: recorded.begins,
            // Noon, for the same day in any time zone that runs the tests.
            now: Date(timeIntervalSince1970: 1_721_995_200))
    }
}
