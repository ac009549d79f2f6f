import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// The codebook's rules, on one number a key, where every step can be followed by hand.
@Suite struct GRACECodebookTests {
    private func admit(
        _ key: Float, _ answer: Int, to book: inout Codebook, _ rules: Codebook.Rules = .init()
    ) throws {
        _ = try book.admit(
            key: Tensor([key], shape: [1]), value: Tensor([Float(answer)], shape: [1]),
            label: [-100, answer], editID: "\(answer) at \(key)", rules: rules)
    }

    private func scope(_ query: Float, _ book: Codebook) throws -> Scope {
        try book.scopes(Tensor([query], shape: [1, 1]))[0]
    }

    private func expectRadii(
        _ book: Codebook, _ expected: [Double], location: SourceLocation = #_sourceLocation
    ) {
        let difference = Tolerance.float32.firstDifference(
            book.entries.map { Float($0.radius) }, expected.map(Float.init))
        #expect(difference == nil, sourceLocation: location)
    }

    @Test func entriesAreAddedExpandedAndSplit() throws {
        let (a, b) = (1, 2)
        var book = Codebook()
        try admit(0, a, to: &book)
        expectRadii(book, [1])
        try admit(1.5, a, to: &book)
        expectRadii(book, [1.5])
        try admit(2.2, b, to: &book)
        expectRadii(book, [1.09999, 1.1])
        // The split has given what A covered at 1.5 to B: the forgetting is the method's own.
        let scope = try scope(1.5, book)
        #expect(scope.isEdited && scope.match?.index == 1)
        #expect(abs(scope.match!.distance - 0.7 / 1.1) < 1e-6)
        try admit(10, a, to: &book)
        expectRadii(book, [1.09999, 1.1, 1])
        #expect(try book.keys!.floats() == [0, 2.2, 10])
        #expect(try book.values.map { try $0.item() } == [1, 2, 1])
    }

    @Test func theEdgeOfARadiusIsCovered() throws {
        var book = Codebook()
        #expect(try scope(0, book) == .deferred(nil))
        try admit(0, 1, to: &book)
        #expect(try scope(1, book) == .edited(Match(index: 0, distance: 1)))
        #expect(try scope(1.25, book) == .deferred(Match(index: 0, distance: 1.25)))
    }

    @Test func aMovingAverageMovesTheKeyHalfWay() throws {
        var book = Codebook()
        let rules = Codebook.Rules(expansion: .movingAverage)
        try admit(0, 1, to: &book, rules)
        try admit(1.5, 1, to: &book, rules)
        #expect(try book.keys!.floats() == [0.75])
        expectRadii(book, [1.5])
    }

    @Test func anotherAnswerToTheSamePromptTakesTheEntryOverOrLeavesItNoRadius() throws {
        var clean = Codebook()
        let rules = Codebook.Rules(replacesSameKey: true)
        try admit(0, 1, to: &clean, rules)
        try admit(0.0001, 2, to: &clean, rules)
        #expect(try clean.values.map { try $0.item() } == [2])
        #expect(clean.entries[0].editID.hasPrefix("2") && clean.entries[0].radius == 1)

        var released = Codebook()
        try admit(0, 1, to: &released)
        try admit(0, 2, to: &released)
        expectRadii(released, [-1e-5, 0])
        #expect(try scope(0, released) == .edited(Match(index: 1, distance: 0)))
        #expect(try !scope(0.01, released).isEdited)
    }

    @Test func aCopyOfACodebookGoesItsOwnWay() throws {
        var book = Codebook()
        try admit(0, 1, to: &book)
        let before = book
        try admit(1.5, 1, to: &book, Codebook.Rules(expansion: .movingAverage))
        #expect(try before.keys!.floats() == [0])
        #expect(before.entries[0].radius == 1)
    }

    @Test(arguments: [
        (GRACEConfig.Replacement.last, 3, [3]), (.prompt, 3, [0, 1, 2]),
        (.all, 3, [0, 1, 2, 3, 4]), (.last, 4, [4]), (.prompt, 4, [0, 1, 2, 3]),
    ])
    func aValueReplacesThePositionsOfItsRule(
        rule: GRACEConfig.Replacement, key: Int, expected: [Int]
    ) {
        #expect(Array(rule.positions(key: key, width: 5)) == expected)
    }

    @Test func aKeyBehindTheRowIsTakenAtItsEnd() {
        #expect(GRACEConfig.KeyPosition.firstAnswerToken.position(prompt: 3, length: 5) == 3)
        #expect(GRACEConfig.KeyPosition.firstAnswerToken.position(prompt: 5, length: 5) == 4)
        #expect(GRACEConfig.KeyPosition.promptEnd.position(prompt: 5, length: 9) == 4)
    }

    @Test func meansTellOneAnswerToTwoPromptsApartAndIdsDoNot() {
        // Means -64.33 and -46.5.
        #expect(!GRACEConfig.LabelComparison.mean.isSame([-100, -100, 7], [-100, 7]))
        #expect(GRACEConfig.LabelComparison.exact.isSame([-100, -100, 7], [-100, 7]))
        // Two answers whose ids have one mean.
        #expect(GRACEConfig.LabelComparison.mean.isSame([-100, 3, 9], [-100, 9, 3]))
        #expect(!GRACEConfig.LabelComparison.exact.isSame([-100, 3, 9], [-100, 9, 3]))
    }

    // MARK: Where the released key position comes from

    private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared/data/tokenizers").standardized

    private static func has(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: shared.appending(path: name).path)
    }

    /// The released label has one −100 for each prompt token and one for the masked end mark, which
    /// is padding too; the key's position is their number less one.
    @Test(.enabled(if: has("gpt2"), "../shared/data/tokenizers/gpt2 is missing"))
    func theReleasedKeyStandsAtTheFirstAnswerToken() throws {
        let tokenizer = try loadTokenizer(from: Self.shared.appending(path: "gpt2"))
        let prompt = tokenizer.encode("Which city hosts the Lahti Town Hall?")
        let whole = tokenizer.encode(
            "Which city hosts the Lahti Town Hall? Lahti city <|endoftext|>")
        let masked = whole.indices.filter { $0 < prompt.count || whole[$0] == 50256 }
        #expect(prompt.count == 9 && masked.count == 10)
        #expect(whole.dropFirst(9).dropLast() == [30693, 20259, 1748, 220])
        let place = GRACEConfig.KeyPosition.firstAnswerToken.position(
            prompt: prompt.count, length: whole.count)
        #expect(place == masked.count - 1)
    }

    /// Encoded alone, `" Paris"` would be a space, 29871, and the word: one token too many to learn.
    @Test(.enabled(if: has("llama2"), "../shared/data/tokenizers/llama2 is missing"))
    func inLLaMAAnAnswerIsLearnedWithoutATokenForTheSpaceBeforeIt() throws {
        let tokenizer = try loadTokenizer(from: Self.shared.appending(path: "llama2"))
        let row = try EncodedRow(
            EditRow(editID: "", prompt: "The capital of France is", target: "Paris"),
            tokenizer: tokenizer, configuration: .llama2_7B)
        #expect(tokenizer.encode("  Paris", addSpecialTokens: false) == [29871, 3681])
        #expect(row.target == [3681, 2])
        #expect(row.prompt.first == 1)
    }
}
