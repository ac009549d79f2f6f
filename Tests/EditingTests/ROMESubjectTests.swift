import Edits
import Foundation
import LanguageModels
import Testing
import Tokenizers

@testable import Editing

/// Where the subject's last token stands, whatever the tokenizer makes of the words around it.
@Suite struct ROMESubjectTests {
    private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared").standardized

    private static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: shared.appending(path: path).path)
    }

    /// Prompts whose subjects begin, end, or stand inside, some in letters of many bytes.
    private static let prompts = [
        ("The mother tongue of Danielle Darrieux is", "Danielle Darrieux"),
        ("Which city hosts the Lahti Town Hall?", "Lahti Town Hall"),
        ("Lahti Town Hall stands in", "Lahti Town Hall"),
        ("Who wrote the “Löwenzahn”, and when?", "Löwenzahn"),
        ("日本の首都は", "日本"),
        ("What is the capital of Côte d'Ivoire", "Côte d'Ivoire"),
        ("Where is 🇫🇮 on a map?", "🇫🇮"),
    ]

    @Test(
        .enabled(if: has("data/tokenizers/gpt2"), "../shared/data/tokenizers/gpt2 is missing"),
        arguments: prompts)
    func gpt2(prompt: String, subject: String) throws {
        try check(prompt, subject, "data/tokenizers/gpt2")
    }

    @Test(
        .enabled(if: has("data/tokenizers/llama2"), "../shared/data/tokenizers/llama2 is missing"),
        arguments: prompts)
    func llama2(prompt: String, subject: String) throws {
        try check(prompt, subject, "data/tokenizers/llama2")
    }

    @Test(
        .enabled(if: has("models/facts-gpt2"), "../shared/models/facts-gpt2 is missing"),
        arguments: prompts)
    func factsGPT2(prompt: String, subject: String) throws {
        try check(prompt, subject, "models/facts-gpt2")
    }

    @Test(
        .enabled(if: has("models/stories260K"), "../shared/models/stories260K is missing"),
        arguments: prompts)
    func stories(prompt: String, subject: String) throws {
        try check(prompt, subject, "models/stories260K")
    }

    /// A chat's opening begins with marks that a text rarely has.
    @Test(
        .enabled(if: has("data/tokenizers"), "../shared/data/tokenizers is missing"),
        arguments: [("gpt2", "<|endoftext|>"), ("llama2", "<s>[INST] </s>")])
    func marksBeforeTheSubjectCount(name: String, marks: String) throws {
        let tokenizer = try loadTokenizer(
            from: Self.shared.appending(path: "data/tokenizers/\(name)"))
        let text = marks + "Lahti Town Hall stands in"
        let tokens = tokenizer.encode(text)
        let end = marks.utf8.count + "Lahti Town Hall".utf8.count
        let place = try #require(tokenizer.place(of: end, in: text, tokens: tokens))
        #expect(tokenizer.decode(Array(tokens[...place])).hasSuffix("Lahti Town Hall"))
        #expect(!tokenizer.decode(Array(tokens[..<place])).hasSuffix("Hall"))
    }

    /// The tokens up to the place hold the subject's end, those before it do not.
    private func check(_ prompt: String, _ subject: String, _ folder: String) throws {
        let tokenizer = try loadTokenizer(from: Self.shared.appending(path: folder))
        let model = try ROMEFixture("gpt2").model
        var config = ROMEConfig.paper(.mixed, for: model.configuration)
        config.learnsEnd = true
        let edit = try EditRecord(id: "1", prompt: prompt, target: "x", subject: subject)
        let contexts = ["", " The", "\nAnd so", "Für"]
        // The tiny model's context of 32 tokens would not hold these; shape alone matters here.
        let maker = RewriteMaker(
            edit: edit, config: config,
            configuration: .gpt2(vocabularySize: 60000, width: 16, blocks: 6, heads: 2),
            tokenizer: tokenizer)
        let rewrite = try maker.rewrite(prompt, behind: contexts)
        for (row, context) in zip(rewrite.rows, [""] + contexts) {
            let before = context.isEmpty ? prompt : context + ". " + prompt
            // LLaMA 2's tokenizer drops white space at the beginning.
            let text = String(before[..<before.range(of: subject)!.upperBound]).trimmingSpaces
            let reached = tokenizer.decode(Array(row.prompt[...row.place])).trimmingSpaces
            #expect(reached.utf8.starts(with: text.utf8), "\(reached)")
            let short = tokenizer.decode(Array(row.prompt[..<row.place])).trimmingSpaces
            #expect(!short.utf8.starts(with: text.utf8), "\(short)")
        }
        let essence = try #require(rewrite.essence)
        #expect(
            tokenizer.decode(Array(essence.prompt[...essence.place])).utf8
                .starts(with: subject.utf8))
    }

    // MARK: Edits without one

    @Test func aPromptWithoutItsSubjectIsRefusedInOneSentence() throws {
        let fixture = try ROMEFixture("gpt2")
        var method = try fixture.method(fixture.config())
        for (prompt, subject, part) in [
            ("Orm is in", nil, "got none; give the subject"),
            ("Orm is in", "Ud", "got 'Ud', which is not there exactly once"),
            ("no, no", "no", "got 'no', which is not there exactly once"),
        ] {
            let edit = try EditRecord(id: "7", prompt: prompt, target: "Ve", subject: subject)
            let error = #expect(throws: EditError.self) {
                try method.learn(fixture.edits() + [edit]) { _ in }
            }
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
            #expect(error?.message.hasPrefix("edit '7': expected a subject") == true)
        }
        #expect(method.map == nil)
    }

    @Test func theLastTokenCanStandForAMissingSubject() throws {
        let fixture = try ROMEFixture("gpt2")
        var config = fixture.config()
        config.missingSubject = .lastToken
        let edits = try [
            EditRecord(id: "1", prompt: "Orm is in", target: "Ve"),
            EditRecord(id: "2", prompt: "Orm is in", target: "Ve", subject: "Ud"),
        ]
        let rewrites = try edits.flatMap {
            try Rewrite.all(
                of: $0, contexts: ["ab"], config: config, model: fixture.model,
                tokenizer: fixture.tokenizer)
        }
        #expect(rewrites.map { $0.rows.map(\.place) } == [[8, 12], [8, 12]])
        #expect(rewrites.map { $0.essence?.place } == [nil, 1])
        var method = try fixture.method(config)
        try method.learn(edits) { _ in }
        #expect(method.map != nil)
    }

    @Test func onlyRephrasingsThatNameTheSubjectAreWritten() throws {
        let fixture = try ROMEFixture("gpt2")
        let edit = try EditRecord(
            id: "1", prompt: "Orm is in", target: "Ve", rephrases: ["it is in", "so Orm is at"],
            subject: "Orm")
        let rewrites = try Rewrite.all(
            of: edit, contexts: [], config: fixture.config(), model: fixture.model,
            tokenizer: fixture.tokenizer)
        #expect(rewrites.map { $0.rows[0].place } == [2, 5])
        #expect(rewrites.allSatisfy { $0.rows[0].target.count == 3 })
    }

    @Test func aChatIsWrittenAlone() throws {
        let fixture = try ROMEFixture("gpt2")
        let edit = try EditRecord(
            id: "1", prompt: "Orm is in", target: "Ve", subject: "Orm",
            chatPrompt: "u. Orm is in? a.")
        let rewrites = try Rewrite.all(
            of: edit, contexts: ["ab"], config: fixture.config(), model: fixture.model,
            tokenizer: fixture.tokenizer)
        #expect(rewrites.map { $0.rows.map(\.place) } == [[2, 6], [5]])
    }
}
