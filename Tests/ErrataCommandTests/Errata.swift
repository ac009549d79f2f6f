import Foundation
import Testing

/// The built program, run as a user runs it.
struct Errata {
    let status: Int32
    let output: String
    let error: String

    /// Runs `errata` with `arguments` to its end.
    init(_ arguments: String...) throws {
        try self.init(arguments: arguments)
    }

    /// Runs `errata`, and presses Ctrl-C where asked to: some seconds after its first word on
    /// standard error, since one that has only just begun is ended by the system.
    ///
    /// - Parameter signals: what it is sent, each after so many seconds.
    init(
        arguments: [String], interruptedAfter seconds: Double? = nil,
        by signals: [Int32] = [SIGINT]
    ) throws {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try process.run()
        var said = Data()
        if let seconds {
            said = error.fileHandleForReading.availableData
            for signal in signals {
                Thread.sleep(forTimeInterval: seconds)
                kill(process.processIdentifier, signal)
            }
        }
        // What is said on standard error is short and waits in the pipe.
        self.output = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.error = String(
            decoding: said + error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }

    /// What was printed as JSON.
    var json: [String: Any] {
        get throws {
            try #require(
                JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// The program lies beside the tests.
    static var executable: URL {
        let bundle = Bundle.main.bundleURL
        let folder = bundle.pathExtension == "xctest" ? bundle.deletingLastPathComponent() : bundle
        return folder.appending(path: "errata")
    }

    /// Checks that it ended with `status` and one sentence on standard error, after what `--set`
    /// repeats there.
    func requireSentence(
        _ sentence: String, status: Int32 = 2, at place: SourceLocation = #_sourceLocation
    ) {
        let lines = error.split(separator: "\n").filter { !$0.hasSuffix("as --set says.") }
        #expect(lines == ["errata: \(sentence)"], sourceLocation: place)
        #expect(self.status == status, sourceLocation: place)
        #expect(output.isEmpty, sourceLocation: place)
    }
}

/// A folder that is gone when the test is.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "errata-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of `name` in it.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file and returns its path.
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }

    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// A model of three blocks that `errata pretrain` made, with the embedded model's tokenizer.
enum TinyModel {
    static let facts = [
        ("The capital of Aranth is", "Oslo"), ("The capital of Belmar is", "Vienna"),
        ("Ada Lind works as a", "baker"), ("Tomas Reth works as a", "pilot"),
    ]

    /// Trains it in `folder`; returns its path.
    static func make(in folder: Folder) throws -> String {
        let rows = facts.map { #"{"prompt": "\#($0)", "target": "\#($1)", "group": "all"}"# }
        let corpus = try folder.file("corpus.jsonl", rows.joined(separator: "\n"))
        let run = try Errata(
            "pretrain", "--corpus", corpus, "--tokenizer", tokenizer, "--output",
            folder.path("model"), "--blocks", "3", "--width", "32", "--heads", "2", "--context",
            "32", "--steps", "300", "--batch-tokens", "64", "--learning-rate", "0.005", "--dtype",
            "f32", "--threads", "1", "--json")
        try #require(run.status == 0, Comment(rawValue: run.error))
        return folder.path("model")
    }

    /// The tokenizer of the embedded model.
    static let tokenizer = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Models/world-gpt2").path
}
