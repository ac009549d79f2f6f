import Foundation
import Testing

/// Wrong arguments and wrong files, found before a model is opened.
struct ArgumentTests {
    @Test(arguments: ["edit", "ask", "generate", "retention", "pretrain"])
    func helpHasAnExample(_ command: String) throws {
        let help = try Errata(command, "--help")
        #expect(help.status == 0)
        #expect(help.output.contains("errata \(command) --"))
        #expect(help.output.contains("Example"))
    }

    @Test func helpNamesTheExitCodes() throws {
        let help = try Errata("--help")
        #expect(help.status == 0)
        // The help is wrapped to the terminal.
        let text = help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for code in ["0 all is well", "1 something failed", "2 wrong", "130 stopped"] {
            #expect(text.contains(code))
        }
    }

    @Test func anUnknownOptionIsOneSentence() throws {
        let run = try Errata("ask", "--modle", "x", "Who?")
        #expect(run.status == 2)
        #expect(run.error.hasPrefix("errata: "))
        #expect(run.error.hasSuffix("see `errata ask --help`.\n"))
        #expect(run.error.count { $0 == "\n" } == 1)
    }

    @Test func anEditNeedsATarget() throws {
        try Errata("edit", "--model", "x", "--output", "y", "-p", "Who?").requireSentence(
            "expected --prompt and --target, or --file, got a prompt without --target; "
                + "see `errata edit --help`.")
    }

    @Test func aBaseModelNeedsAnOutput() throws {
        let folder = try Folder()
        try Errata("edit", "--model", folder.url.path, "-p", "a", "-t", "b").requireSentence(
            "expected --output, a directory for the edited model (\(folder.url.path) itself stays "
                + "as it is), got none; name a new one.")
    }

    @Test func anOutputThatHoldsSomethingElseIsLeftAlone() throws {
        let folder = try Folder()
        _ = try folder.file("diary.txt", "dear diary")
        try Errata("edit", "--model", "x", "--output", folder.url.path, "-p", "a", "-t", "b")
            .requireSentence(
                "expected a new directory for --output, but \(folder.url.path) exists; choose "
                    + "another.")
    }

    @Test func anEmptyFileOfEdits() throws {
        let folder = try Folder()
        let file = try folder.file("edits.jsonl", "")
        try Errata("edit", "--model", "x", "--output", folder.path("y"), "--file", file)
            .requireSentence(
                "The data file \(file) cannot be used: it is empty; give a JSON list of edits, or "
                    + "one edit a line.")
    }

    @Test func malformedJSONIsFoundAtItsLine() throws {
        let folder = try Folder()
        let good = #"{"prompt": "a", "target": "b"}"#
        let file = try folder.file("edits.jsonl", "\(good)\n\(good)\n{\"prompt\": \"a\" \"b\"}\n")
        try Errata("edit", "--model", "x", "--output", folder.path("y"), "--file", file)
            .requireSentence(
                "The data file \(file) cannot be used: malformed JSON: line 3, column 16 should be "
                    + "`,` or `}`.")
    }

    @Test func anEditWithoutTargetIsNamed() throws {
        let folder = try Folder()
        let file = try folder.file(
            "edits.jsonl", "{\"prompt\": \"a\", \"target\": \"b\"}\n{\"prompt\": \"c\"}\n")
        try Errata("edit", "--model", "x", "--output", folder.path("y"), "--file", file)
            .requireSentence(
                "The data file \(file) cannot be used: The edit on line 2 cannot be read: "
                    + "`target` is missing.")
    }

    @Test func everyMethodIsListedWithItsPaper() throws {
        let list = try Errata("methods")
        #expect(list.status == 0)
        #expect(list.output.contains("elder") && list.output.contains("2408.11869"))
        let page = try Errata("methods", "elder", "--json", "--shape", "llama2-7b")
        let presets = try #require(try page.json["presets"] as? [[String: Any]])
        let paper = try #require(presets.first { $0["name"] as? String == "paper" })
        let recipe = try #require(paper["recipe"] as? [String: Any])
        #expect(recipe["firstBlock"] as? Int == 21 && recipe["steps"] as? Int == 50)
    }

    @Test func anUnknownMethodIsOneSentence() throws {
        try Errata("methods", "eldr").requireSentence(
            "method `eldr` is unknown; did you mean `elder`?")
        for serving in [[], ["--serve"]] {
            try Errata(arguments: ["demo", "--method", "eldr"] + serving).requireSentence(
                "method `eldr` is unknown; did you mean `elder`?")
        }
        let folder = try Folder()
        let file = try folder.file(
            "e.jsonl", #"{"prompt": "a", "target": "b", "rephrases": ["c"]}"#)
        let bench = ["bench", "--model", "x", "--data", file, "--edits", "1", "--methods"]
        try Errata(arguments: bench + ["elder:papr"]).requireSentence(
            "expected a preset of elder (\(try Self.presets("elder"))), got papr.")
    }

    private static func presets(_ method: String) throws -> String {
        let presets = try Errata("methods", method, "--json").json["presets"] as? [[String: Any]]
        return (presets ?? []).compactMap { $0["name"] as? String }.joined(separator: ", ")
    }

    @Test(arguments: [
        (["bench", "--model", "x", "--data", "y", "--edits=-1"], "--edits", -1),
        (["bench", "--model", "x", "--data", "y", "--probe-every", "0"], "--probe-every", 0),
        (["demo", "--edits=-1"], "--edits", -1),
        (["conflicts", "--model", "x", "--data", "y", "--limit=-1"], "--limit", -1),
        (["ask", "--model", "x", "--max-tokens=-1", "Who?"], "--max-tokens", -1),
    ])
    func aCountThatMakesNoSenseIsRefused(
        _ arguments: [String], _ option: String, _ count: Int
    ) throws {
        try Errata(arguments: arguments).requireSentence(
            "expected \(option) of at least 1, got \(count); see `errata \(arguments[0]) --help`.")
    }

    @Test func aDateThatIsNoneIsNamedBesideAFile() throws {
        let folder = try Folder()
        let file = try folder.file("edits.jsonl", #"{"prompt": "a", "target": "b"}"#)
        try Errata(
            "edit", "--model", "x", "--output", folder.path("y"), "--file", file,
            "--valid-until", "soon"
        ).requireSentence(
            "`validUntil` should be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, not “soon”.")
    }

    @Test func aModelThatIsNotThere() throws {
        try Errata("ask", "--model", "/nowhere/at/all", "Who?").requireSentence(
            "expected a model in /nowhere/at/all, but there is no such directory; check the path "
                + "of --model.")
    }
}
