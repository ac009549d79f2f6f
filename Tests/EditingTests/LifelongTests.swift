import Edits
import Foundation
import LanguageModels
import Testing
import Torch

@testable import Editing

/// Edits that stand alone, whatever was learned before and after.
@Suite struct LifelongTests {
    private let method = MethodCase(entry: .lifelong, preset: "default", family: "gpt2")

    private func editor(knowing edits: [EditRecord] = []) throws -> Lifelong {
        var editor = try #require(try method.editor() as? Lifelong)
        try editor.prepare()
        try editor.learn(edits) { _ in }
        return editor
    }

    private func expectEqual(_ one: Lifelong, _ other: Lifelong) throws {
        let (one, other) = (try one.state(), try other.state())
        #expect(one.document == other.document)
        for (name, tensor) in one.tensors {
            #expect(try tensor.isBitEqual(to: #require(other.tensors[name])), "\(name)")
        }
    }

    @Test func anEditIsLearnedToTheSameBitsInAnyCompany() throws {
        let edits = try method.edits
        let alone = try editor(knowing: [edits[3]]).facts[0]
        let last = try editor(knowing: Array(edits[..<4])).facts[3]
        for (one, other) in zip(alone.expert.tensors, last.expert.tensors) {
            #expect(try one.tensor.isBitEqual(to: other.tensor), "\(one.name)")
        }
        #expect(alone.expectations == last.expectations)
    }

    @Test func leavingAnEditOutIsNeverHavingHadIt() throws {
        let edits = try method.edits
        let rest = [edits[0], edits[2], edits[4]]
        var held = try editor(knowing: edits)
        #expect(try held.hold(rest) { _ in }.isEmpty)
        try expectEqual(held, editor(knowing: rest))
        #expect(held.trainableParameters == 3 * held.facts[0].expert.parameterCount)
    }

    @Test func anEditThatHoldsAgainIsTheOnlyOneLearned() throws {
        let edits = try method.edits
        var held = try editor(knowing: [edits[0], edits[2]])
        var heard: [Int] = []
        let learned = try held.hold(Array(edits[..<3])) { heard.append($0.edits) }
        #expect(learned == [1] && heard == [2])
        try expectEqual(held, editor(knowing: Array(edits[..<3])))
    }

    @Test func theSubjectDecidesWhichPromptsAnEditCovers() throws {
        let edits = try method.edits
        let editor = try editor(knowing: edits)
        let traces = try editor.traces([edits[0].prompt, "Zag is in", "Torx is in"])
        #expect(traces[0].nearestEdit == "0" && traces[0].decision == .edited)
        #expect(traces[0].distance! < 1e-6)
        #expect(traces[1].decision == .deferred && traces[1].nearestEdit == nil)
        #expect(traces[2].decision == .deferred && traces[2].nearestEdit == nil)
        #expect(try editor.isUnchanged(["Zag is in", "Torx is in"]) == [true, true])
    }

    @Test func withoutASubjectTheNamesDecide() throws {
        let edits = try method.edits.map { edit in
            var edit = edit
            edit.subject = nil
            return edit
        }
        let traces = try editor(knowing: edits).traces([edits[0].prompt, "Zag is in"])
        #expect(traces[0].nearestEdit == "0" && traces[0].decision == .edited)
        #expect(traces[1].decision == .deferred && traces[1].nearestEdit == nil)
    }

    @Test func ofTwoAnswersToOnePromptTheLatestHolds() throws {
        let first = try method.edits[0]
        let second = try EditRecord(
            id: "later", prompt: first.prompt, target: "mild", subject: first.subject)
        let traces = try editor(knowing: [first, second]).traces([first.prompt])
        #expect(traces[0].nearestEdit == "later")
    }

    @Test func agreementIsOneForTheSameAnswerAndNoneForAnother() {
        let expectation = ExpectedAnswer(tokens: [2, 0], probabilities: [0.64, 0.16])
        #expect(abs(expectation.agreement(with: [0.16, 0.2, 0.64]) - 1) < 1e-7)
        // √(0.64 · 0.25) + √(0.16 · 0.25) of 0.8.
        let shared = (0.4 + 0.2) / 0.8
        #expect(abs(expectation.agreement(with: [0.25, 0.5, 0.25]) - shared) < 1e-7)
        #expect(expectation.agreement(with: [0, 1, 0]) == 0)
    }

    @Test func anExpertBeginsWithUnitsAndTheirNegatives() throws {
        var random = SplitMix64(seed: 1)
        let expert = try Expert(
            width: 5, model: method.model, deviation: 0.1, random: &random)
        let mirrored = try expert.mirrored().maps["expansion"]!.weight
        let units = try mirrored.floats().chunks(of: mirrored.size(1))
        #expect(
            try units[..<3].flatMap(\.self)
                == expert.maps["expansion"]!.weight.floats().prefix(3 * mirrored.size(1)).map(
                    \.self))
        #expect(units[3] == units[0].map { -$0 } && units[4] == units[1].map { -$0 })
    }

    @Test func aBlockThatTheModelLacksIsNamed() throws {
        var config = LifelongConfig.default(for: try method.model.configuration)
        config.block = try method.model.configuration.blocks
        #expect(throws: EditError.self) { try config.validate(for: method.model.configuration) }
    }
}
