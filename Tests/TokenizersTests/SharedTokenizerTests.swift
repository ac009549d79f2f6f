import Foundation
import Testing
import Tokenizers

/// Real tokenizers, where the folder beside the repository has them.
///
/// `reference/tokenizers_parity.py` compares them with PyPI's `tokenizers` on many strings; these
/// few ids keep a change from going unseen without it.
@Suite struct SharedTokenizerTests {
    private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared").standardized

    private static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: shared.appending(path: path).path)
    }

    @Test(.enabled(if: has("data/tokenizers/gpt2"), "../shared/data/tokenizers/gpt2 is missing"))
    func gpt2() throws {
        let tokenizer = try loadTokenizer(from: Self.shared.appending(path: "data/tokenizers/gpt2"))
        #expect(tokenizer.encode("Hello world") == [15496, 995])
        #expect(tokenizer.encode(" naïve 日本<|endoftext|>") == gpt2Ids)
        #expect(tokenizer.vocabularySize == 50257)
        #expect(tokenizer.endOfText == 50256)
    }

    @Test(
        .enabled(if: has("data/tokenizers/llama2"), "../shared/data/tokenizers/llama2 is missing"))
    func llama2() throws {
        let tokenizer = try loadTokenizer(
            from: Self.shared.appending(path: "data/tokenizers/llama2"))
        #expect(tokenizer.encode(" Hello world\n☃") == llama2Ids)
        #expect(tokenizer.decode(llama2Ids) == "Hello world\n☃")
        #expect(tokenizer.vocabularySize == 32000)
        #expect(tokenizer.beginningOfText == 1)
        #expect(tokenizer.endOfText == 2)
    }

    @Test(.enabled(if: has("models/stories260K"), "../shared/models/stories260K is missing"))
    func stories() throws {
        let tokenizer = try loadTokenizer(from: Self.shared.appending(path: "models/stories260K"))
        #expect(tokenizer.encode("Once upon a time") == storiesIds)
        #expect(tokenizer.decode(storiesIds) == "Once upon a time")
    }
}

// What PyPI's tokenizers gives for the strings above.
private let gpt2Ids = [41492, 10545, 245, 98, 17312, 105, 50256]
private let llama2Ids = [1, 15043, 3186, 13, 229, 155, 134]
private let storiesIds = [1, 403, 407, 261, 378]
