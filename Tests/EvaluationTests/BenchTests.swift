import Edits
import Errata
import Foundation
import Testing

@testable import Evaluation

/// One edit of the embedded model.
@Suite(.serialized) struct BenchTests {
    private let model: EditableModel
    private let edit: EditRecord

    init() throws {
        let directory = ExperimentTests.root.appending(path: "Models/world-gpt2")
        var options = ModelOptions()
        options.threads = 1
        model = try EditableModel(opening: directory, options: options, editor: .unedited)
        let data = try Data(contentsOf: directory.appending(path: "edits.jsonl"))
        edit = try #require(
            EditRecord.decode(jsonLines: data).first { $0.target == "Zelix Brothers" })
    }

    /// ELDER that hardly looks at what the model writes by itself.
    private static let quick = Editor.elder(
        .default, replacing: ["matchGate": #"{"samples": 16}"#])

    private func outcomes(
        _ edit: EditRecord, by editor: Editor = quick, answersOf tokens: Int
    ) async throws -> [ProbeOutcome] {
        var options = Bench.Options()
        options.maximumTokens = tokens
        var bench = Bench(model: model, edits: [Split.promptOnly.cut(edit)], options: options)
        return try await bench.run("any", editor: editor).outcomes
    }

    @Test func aTargetAsLongAsAnAnswerMayBeHasRoomToEnd() async throws {
        let usual = try await outcomes(edit, answersOf: 24)
        let short = try await outcomes(edit, answersOf: 1)
        #expect(usual[0].probe.kind == .edit && usual[0].generatedMatches == true)
        #expect(short[0].generated == usual[0].generated && short[0].generatedMatches == true)
        // Elsewhere an answer is as short as it was.
        let neighbours = [usual, short].map { $0.first { $0.probe.kind == .neighbour } }
        let (whole, cut) = (neighbours[0]?.generated ?? "", neighbours[1]?.generated ?? "")
        #expect(whole.hasPrefix(cut) && whole != cut)
    }

    /// Of what the unedited model says, the first word is the target.
    @Test func anAnswerThatGoesOnIsNotTheTarget() async throws {
        var begun = edit
        begun.target = try String(#require(edit.formerAnswer?.split(separator: " ").first))
        let outcome = try await outcomes(begun, by: .unedited, answersOf: 1)[0]
        let said = try #require(outcome.generated?.trimmed)
        #expect(said.hasPrefix(begun.target) && said != begun.target)
        #expect(outcome.allTokens == true && outcome.generatedMatches == false)
    }

    @Test func aBlankFormerAnswerIsNotScored() async throws {
        #expect(try await outcomes(edit, answersOf: 24)[0].prefersTarget != nil)
        var blank = edit
        blank.formerAnswer = " "
        let outcome = try await outcomes(blank, answersOf: 24)[0]
        #expect(outcome.allTokens == true && outcome.prefersTarget == nil)
    }

    private static let mark = "/proc/self/clear_refs"

    @Test(.enabled(if: FileManager.default.isWritableFile(atPath: mark)))
    func thePeakOfMemoryCanBeginAgain() {
        let size = 128 << 20
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        memset(memory, 1, size)
        let before = peakMemoryBytes()
        memory.deallocate()
        restartPeakMemory()
        #expect(peakMemoryBytes() < before - size / 2)
        #expect(heldMemoryBytes() ?? 0 > 1 << 20)
    }
}
