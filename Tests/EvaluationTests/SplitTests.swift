import Edits
import Testing

@testable import Evaluation

@Suite struct SplitTests {
    func record(_ id: String, rephrases: Int) throws -> EditRecord {
        try EditRecord(
            id: id, prompt: "Who?", target: "Ada",
            rephrases: (0..<rephrases).map { "rephrase \($0)" },
            locality: [
                LocalityProbe(prompt: "near", answer: "Bo", kind: .neighbour),
                LocalityProbe(prompt: "far", kind: .unrelated),
            ], formerAnswer: "Cy")
    }

    @Test(arguments: [(1, 0, 1), (2, 1, 1), (3, 1, 2), (16, 8, 8)])
    func thePaperTeachesTheFirstHalf(rephrases: Int, taught: Int, heldOut: Int) throws {
        let cut = Split.paper.cut(try record("a", rephrases: rephrases))
        #expect(cut.edit.rephrases.count == taught && cut.heldOut.count == heldOut)
        #expect(cut.edit.rephrases + cut.heldOut == (0..<rephrases).map { "rephrase \($0)" })
        #expect(cut.rows == 1 + taught)
    }

    @Test func promptOnlyTeachesNoRephrasing() throws {
        let cut = Split.promptOnly.cut(try record("a", rephrases: 3))
        #expect(cut.edit.rephrases.isEmpty && cut.heldOut.count == 3 && cut.rows == 1)
    }

    @Test func takesTheFirstWithARephrasing() throws {
        let records = [
            try record("a", rephrases: 0), try record("b", rephrases: 1),
            try record("c", rephrases: 2), try record("d", rephrases: 1),
        ]
        #expect(try Split.promptOnly.first(2, of: records).map(\.edit.id) == ["b", "c"])
        let error = #expect(throws: EvaluationError.self) {
            try Split.paper.first(4, of: records)
        }
        #expect(error?.message.contains("has 3 with a rephrasing; ask for 1 to 3") == true)
        #expect(throws: EvaluationError.self) { try Split.promptOnly.first(-1, of: records) }
    }

    @Test func asksEverythingAboutAnEdit() throws {
        let probes = Split.paper.cut(try record("a", rephrases: 3)).probes(index: 5)
        #expect(
            probes.map(\.kind) == [
                .edit, .taughtRephrase, .rephrase, .rephrase, .neighbour, .unrelated,
            ])
        #expect(probes.allSatisfy { $0.index == 5 && $0.edit == "a" })
        #expect(probes[2].target == "Ada" && probes[2].formerAnswer == "Cy")
        #expect(probes[4].target == "Bo" && probes[5].target == nil)
        #expect(Set(probes).count == probes.count)
    }
}
