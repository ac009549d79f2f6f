import Foundation
import Testing

/// `errata export` as a user runs it.
@Suite(.serialized) struct ExportCommandTests {
    /// One edited model for all of them, since none changes it.
    private static let taught = Result {
        let folder = try Folder()
        let run = try Errata(
            "edit", "--model", TinyModel.tokenizer, "--output", folder.path("fixed.edited"), "-p",
            "Toburg is a city in", "-t", "Gokunstan", "--method", "elder", "--set", "steps=2",
            "--set",
            #"matchGate={"samples": 16}"#, "--force", "--threads", "1")
        try #require(run.status == 0, Comment(rawValue: run.error))
        return folder
    }

    private let folder: Folder
    private let edited: String

    init() throws {
        folder = try Folder()
        edited = try Self.taught.get().path("fixed.edited")
    }

    @Test func aModelIsHandedOnAndAnswersTheSame() throws {
        let output = folder.path("elsewhere")
        let run = try Errata(
            "export", "--model", edited, "--output", output, "--no-check", "--json")
        #expect(run.status == 0 && run.error.isEmpty)
        #expect(try run.json["format"] as? String == "errata")
        let (one, other) = (
            try Errata("ask", "--model", edited, "Toburg is a city in"),
            try Errata("ask", "--model", output, "Toburg is a city in")
        )
        #expect(one.output == other.output && one.status == 0)
        #expect(folder.holds("elsewhere/base/model.safetensors"))
        #expect(folder.holds("elsewhere/parity.md"))
    }

    @Test func anAdapterIsWrittenForTheOneEdit() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--format", "peft",
            "--edit", "toburg-is-a-city-in", "--no-check")
        #expect(run.status == 0)
        #expect(run.output.hasPrefix("1 adapter for 1 edit in "))
        #expect(folder.holds("out/adapters/0001/adapter_model.safetensors"))
    }

    @Test func aFormatThatTheMethodDoesNotHaveIsRefused() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--format", "merged",
            "--no-check")
        run.requireSentence(
            "expected a format that elder with this recipe has (errata, peft), got merged: which "
                + "weights it uses depends on the prompt.")
        #expect(!folder.holds("out"))
    }

    @Test func aDirectoryThatExistsIsRefused() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.url.path, "--no-check")
        run.requireSentence(
            "expected a new directory for --output, but \(folder.url.path) exists; choose another.")
    }

    @Test func aModelWithoutEditsIsRefused() throws {
        let run = try Errata(
            "export", "--model", TinyModel.tokenizer, "--output", folder.path("out"))
        run.requireSentence(
            "expected an edited model in \(TinyModel.tokenizer), but it has no errata.json; give one "
                + "with --model.")
    }

    @Test func aPythonWithoutThePackagesIsRefused() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--python",
            reader("exit 1"))
        #expect(run.status == 2 && run.error.contains("Scripts/bootstrap --export"))
        #expect(!folder.holds("out"))
    }

    @Test func whatAnotherReaderDoesNotConfirmLeavesNothing() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--format", "peft",
            "--python", reader(Self.says(#"{"difference": 3, "largest": 10}"#)))
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.error.contains("expected the export to answer as the model does"))
        #expect(run.error.contains("a reader finds for"))
        #expect(try names() == ["reader"])
    }

    @Test func aReaderThatBreaksOffLeavesNothing() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--python",
            reader("case $2 in --packages) exit 0;; esac; exit 3"))
        #expect(run.status == 1 && run.error.contains("could not read the export"))
        #expect(try names() == ["reader"])
    }

    @Test func whatAnotherReaderConfirmsIsNoted() throws {
        let run = try Errata(
            "export", "--model", edited, "--output", folder.path("out"), "--format", "peft",
            "--python", reader(Self.says(#"{"difference": 0, "largest": 10}"#)))
        #expect(run.status == 0 && run.output.contains("read by a reader: 6 of 6 answers the same"))
    }

    /// One case for the edit, one for a text through its adapter, four through none.
    private static func says(_ found: String) -> String {
        let cases = [String](repeating: found, count: 6).joined(separator: ", ")
        return "case $2 in --packages) exit 0;; esac; echo '{\"reader\": \"a reader\", \"cases\": ["
            + cases + "]}'"
    }

    /// A program to stand for Python.
    private func reader(_ script: String) throws -> String {
        let path = try folder.file("reader", "#!/bin/sh\n\(script)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }
}
