import Edits
import Errata
import Foundation
import Testing

/// The façade on the embedded model: what a user of the library does.
@Suite(.serialized) struct EditableModelTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Models/world-gpt2").standardizedFileURL

    private static func model(_ editor: Editor? = nil) throws -> EditableModel {
        try EditableModel(opening: directory, options: World.options(), editor: editor)
    }

    private static func edits(_ count: Int) throws -> [EditRecord] {
        let data = try Data(contentsOf: directory.appending(path: "edits.jsonl"))
        // Only the prompts are taught.
        return try EditRecord.decode(jsonLines: data).prefix(count).map {
            var edit = $0
            edit.rephrases = []
            return edit
        }
    }

    @Test func anEditAnswersAndWhatIsDeferredStaysBitForBit() async throws {
        let model = try Self.model()
        let edits = try Self.edits(4)
        try await model.apply(edits)
        for edit in edits {
            let comparison = try await model.ask(edit.prompt)
            #expect(comparison.before.text == " " + edit.formerAnswer!)
            #expect(comparison.after.text == " " + edit.target)
            #expect(comparison.edit == edit.id)
        }
        let others = edits.flatMap(\.locality).map(\.prompt)
        let isDeferred = try await model.answer(others).map { $0.trace.decision == .deferred }
        let isUnchanged = try await model.isUnchanged(others)
        #expect(isDeferred.contains(true))
        #expect(zip(isDeferred, isUnchanged).allSatisfy { !$0 || $1 })
    }

    @Test func aLongPromptIsRefusedOrLosesItsBeginning() async throws {
        let model = try Self.model(.unedited)
        let context = try await model.summary.contextLength
        let fact = try Self.edits(1)[0].prompt
        let long = String(repeating: "and so on ", count: context) + fact
        await #expect(throws: (any Error).self) { try await model.answer([long]) }

        var options = AnswerOptions(maximumTokens: 4)
        options.cutsLongPrompts = true
        let answers = try await model.answer([long, fact], options: options)
        let length = await model.tokenCounts([long])[0]
        #expect(answers[0].cutTokens == length - (context - 4))
        #expect(answers[1].cutTokens == nil)
        let plain = AnswerOptions(maximumTokens: 4)
        let alone = try await model.answer([fact], options: plain)
        #expect(answers[1] == alone[0])
        // What is left of the long one, asked by itself, is answered the same.
        let shorter = String(repeating: "and so on ", count: context) + "and so on " + fact
        let others = try await model.answer([shorter], options: options)
        #expect(others[0].text == answers[0].text)
    }

    @Test func aSavedModelComesBackAndLearnsOn() async throws {
        let place = FileManager.default.temporaryDirectory
            .appending(path: "errata-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let edits = try Self.edits(8)
        let model = try Self.model(.elder(.paper, replacing: ["steps": "3"]))
        try await model.apply(Array(edits.prefix(4)), options: .unchecked)
        try await model.save(to: place)
        let restored = try EditableModel(opening: place, options: World.options())
        try await model.apply(Array(edits.suffix(4)), options: .unchecked)
        try await restored.apply(Array(edits.suffix(4)), options: .unchecked)
        let probes = edits.map { (prompt: $0.prompt, target: $0.target) }
        let (one, other) = (try await model.score(probes), try await restored.score(probes))
        #expect(one == other)
    }

    @Test func aFaultInOneEditLeavesTheModelAsItWas() async throws {
        let model = try Self.model(.elder(.paper, replacing: ["steps": "2"]))
        let edits = try Self.edits(2)
        let long = try EditRecord(
            id: "long", prompt: String(repeating: "and so on ", count: 200), target: "x")
        await #expect(throws: EditError.self) { try await model.apply(edits + [long]) }
        #expect(try await model.summary.growingBytes == 0)
        struct Enough: Error {}
        await #expect(throws: Enough.self) {
            try await model.apply(edits) { _ in throw Enough() }
        }
        #expect(try await model.summary.growingBytes == 0)
        #expect(try await model.isUnchanged(edits.map(\.prompt)).allSatisfy(\.self))
    }

    @Test(arguments: [
        ("config.json", "expected the base model"),
        ("tokenizer.json", "expected the tokenizer and chat template"),
    ])
    func anotherBaseModelIsRefused(_ file: String, _ expected: String) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "errata-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = folder.appending(path: "base")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.directory, to: base)
        let model = try EditableModel(
            opening: base, editor: .elder(.paper, replacing: ["steps": "1"]))
        try await model.apply(Self.edits(1), options: .unchecked)
        try await model.save(to: folder.appending(path: "edited"))
        let changed = base.appending(path: file)
        try Data((String(contentsOf: changed, encoding: .utf8) + "\n").utf8).write(to: changed)
        let error = #expect(throws: ErrataError.self) {
            try EditableModel(opening: folder.appending(path: "edited"))
        }
        #expect(error?.message.contains(expected) == true)
    }
}
