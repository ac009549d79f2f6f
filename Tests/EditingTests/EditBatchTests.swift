import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

@Suite struct EditBatchTests {
    private let configuration = ModelConfiguration.gpt2(
        vocabularySize: 64, contextLength: 12, width: 8, blocks: 2, heads: 2)

    private func model() throws -> CausalModel { try .random(configuration, seed: 1) }

    private func row(_ prompt: String, _ target: String) -> EditRow {
        EditRow(editID: "tower", prompt: prompt, target: target)
    }

    private func batch(_ rows: [EditRow], _ tokenizer: any Tokenizer) throws -> EditBatch {
        try EditBatch(rows, model: model(), tokenizer: tokenizer)
    }

    @Test func everyTargetTokenIsPredictedAtTheTokenBeforeIt() throws {
        let batch = try batch([row("1 2 3", "4 5"), row("7", "8")], NumberTokenizer())
        #expect(try batch.tokens.tokens.ints() == [1, 2, 3, 4, 5, 63, 7, 8, 63, 0, 0, 0])
        #expect(batch.promptLengths == [3, 1])
        #expect(batch.targetLengths == [3, 2])
        #expect(try batch.positions.ints() == [2, 3, 4, 6, 7])
        #expect(try batch.labels.ints() == [4, 5, 63, 8, 63])
    }

    @Test func theTargetsLogitsAreThoseOfTheirPositions() throws {
        let model = try model()
        let batch = try EditBatch(
            [row("1 2 3", "4 5"), row("7", "8")], model: model, tokenizer: NumberTokenizer())
        let hidden = try model.hidden(batch.tokens)
        let all = try model.logits(hidden).reshaped([-1, 64])
        let expected = try all.selected(dim: 0, index: batch.positions).floats()
        let actual = try batch.targetLogits(hidden, model: model)
        #expect(actual.shape == [5, 64])
        #expect(try Tolerance.float32.firstDifference(actual.floats(), expected) == nil)
    }

    @Test func spacesAroundATargetDoNotCount() throws {
        let batch = try batch([row("1", "  4 5\n")], NumberTokenizer())
        #expect(try batch.labels.ints() == [4, 5, 63])
    }

    @Test func onlyTheFirstEndMarkIsTaught() throws {
        var configuration = configuration
        configuration.endOfText = [62, 63]
        let row = try EncodedRow(
            row("1", "4"), tokenizer: NumberTokenizer(), configuration: configuration)
        #expect(row.target == [4, 62])
        configuration.endOfText = []
        #expect(
            try EncodedRow(
                self.row("1", "4"), tokenizer: NumberTokenizer(), configuration: configuration
            ).target == [4])
    }

    @Test func aTargetIsEncodedInItsPlaceBehindThePrompt() throws {
        let batch = try batch([row("ab", "c")], SeamTokenizer())
        #expect(try batch.tokens.tokens.ints() == [60, 1, 2, 0, 3, 63])
        #expect(batch.promptLengths == [3])
    }

    @Test func whereTheTokenizerMergesAcrossTheSeamTheTargetIsEncodedByItself() throws {
        // Alone the prompt ends with "z" (26); before a space that becomes one token (50).
        let batch = try batch([row("az", "c")], SeamTokenizer())
        #expect(SeamTokenizer().encode("az c") == [60, 1, 50, 3])
        #expect(try batch.tokens.tokens.ints() == [60, 1, 26, 0, 3, 63])
        #expect(batch.promptLengths == [3])
    }

    @Test(arguments: ["", " ", " \n\t"])
    func aTargetWithoutWordsIsRefused(target: String) throws {
        let error = #expect(throws: EditError.self) {
            try batch([row("1", "2"), row("3", target)], NumberTokenizer())
        }
        #expect(
            error?.message
                == "edit 'tower': expected a target of at least one token, got '\(target)'; "
                + "give the words the model shall answer.")
    }

    @Test func aPromptWithoutTokensIsRefused() throws {
        let error = #expect(throws: EditError.self) {
            try batch([row("", "2")], NumberTokenizer())
        }
        #expect(error?.message == "edit 'tower': expected a prompt, got none; give the question.")
    }

    @Test func aRowMayFillTheContextButNotPassIt() throws {
        let words = { (count: Int) in (1...count).map(String.init).joined(separator: " ") }
        #expect(try batch([row(words(10), "5")], NumberTokenizer()).tokens.width == 12)
        let error = #expect(throws: EditError.self) {
            try batch([row(words(11), "5")], NumberTokenizer())
        }
        #expect(
            error?.message
                == "edit 'tower': expected at most 12 tokens, the model's context, got 13; "
                + "shorten the prompt.")
    }

    @Test func aRecordsRowsAreThePromptAndEachRephrasing() throws {
        let record = try EditRecord(
            id: "tower", prompt: "1 2", target: "3", rephrases: ["4 5"], subject: "s",
            relation: "r")
        #expect(record.rows.map(\.prompt) == ["1 2", "4 5"])
        #expect(record.rows.allSatisfy { $0.target == "3" && $0.editID == "tower" })
        #expect(Set(record.rows.map(\.factKey)) == ["s · r"])
    }
}

/// Letters by their place in the alphabet, a space is 0; "z " is one token, and a whole text begins
/// with 60.
private struct SeamTokenizer: Tokenizer {
    var vocabularySize: Int { 64 }
    var beginningOfText: Int? { 60 }
    var endOfText: Int? { 63 }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        var ids = addSpecialTokens ? [60] : []
        for character in text.utf8 {
            if character == UInt8(ascii: " "), ids.last == 26 {
                ids[ids.count - 1] = 50
            } else {
                ids.append(character == UInt8(ascii: " ") ? 0 : Int(character) - 96)
            }
        }
        return ids
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String { "" }
    func id(of token: String) -> Int? { nil }
    func token(of id: Int) -> String? { nil }
}
