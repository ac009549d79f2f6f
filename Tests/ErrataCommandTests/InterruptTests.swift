import Foundation
import Testing

/// What a stopped command says is what there is.
@Suite(.serialized) struct InterruptTests {
    private let model: EditedModel

    init() throws {
        model = try EditedModel()
        // The word that says that the model is open.
        try model.spoilSnapshots()
    }

    /// Runs a command that another process lets wait.
    private func waiting(_ arguments: [String], by signals: [Int32]) throws -> Errata {
        try model.whileWriting {
            try Errata(
                arguments: [arguments[0], "--model", model.path, "--wait", "60", "--threads", "1"]
                    + arguments.dropFirst(),
                interruptedAfter: 0.3, by: signals)
        }
    }

    @Test func anUndoThatWaitsHasUndoneNothing() throws {
        let run = try waiting(["undo", "toburg"], by: [SIGINT])
        #expect(run.status == 130)
        #expect(run.error.hasSuffix("errata: stopped; nothing was undone.\n"))
        #expect(try model.run("log", "--kind", "undo").output.isEmpty)
    }

    @Test func anEditInPlaceThatIsStoppedAtOnceMayBePending() throws {
        let run = try waiting(["edit", "-p", "a", "-t", "b"], by: [SIGINT, SIGINT])
        #expect(run.status == 130)
        #expect(
            run.error.hasSuffix(
                "errata: stopped; what the log of \(model.path) accepted and did not publish is "
                    + "pending: the next edit publishes it, and `errata undo` takes it back.\n"))
    }

    @Test func aCopyThatWasKilledWhileItLearnedIsNotThere() throws {
        let edits = (0..<400).map { #"{"prompt": "Fact number \#($0) is", "target": "true"}"# }
        let file = try model.folder.file("edits.jsonl", edits.joined(separator: "\n"))
        let output = model.folder.path("copy.edited")
        let run = try Errata(
            arguments: [
                "edit", "--model", model.path, "--output", output, "--file", file, "--no-gate",
                "--threads", "1",
            ], interruptedAfter: 0.1, by: [SIGKILL])
        #expect(run.status == SIGKILL)
        #expect(!model.folder.holds("copy.edited"))
    }
}
