/// Turns text into token ids and back.
///
/// Ids and text are plain values, so a tokenizer may be used from any thread.
package protocol Tokenizer: Sendable {
    /// One more than the largest id: the number of rows an embedding needs, V.
    var vocabularySize: Int { get }

    /// The token that starts a text, when the tokenizer has one.
    var beginningOfText: Int? { get }

    /// The token that ends a text, when the tokenizer has one.
    var endOfText: Int? { get }

    /// The ids of `text`.
    ///
    /// - Parameter addSpecialTokens: whether to add what the tokenizer puts around every text
    ///   (LLaMA's `<s>`). Special tokens written in the text itself are found either way.
    func encode(_ text: String, addSpecialTokens: Bool) -> [Int]

    /// The text of `ids`; ids outside the vocabulary are left out.
    ///
    /// Bytes that are not UTF-8 come back as U+FFFD, so only whole texts round-trip: decode
    /// token by token with ``StreamingDecoder``.
    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String

    /// The id of a token as the vocabulary spells it (`Ġthe`, `▁the`), compared byte by byte.
    func id(of token: String) -> Int?

    /// The token as the vocabulary spells it.
    func token(of id: Int) -> String?
}

extension Tokenizer {
    /// The ids of `text`, with what the tokenizer puts around every text.
    package func encode(_ text: String) -> [Int] {
        encode(text, addSpecialTokens: true)
    }

    /// The text of `ids` without special tokens.
    package func decode(_ ids: [Int]) -> String {
        decode(ids, skipSpecialTokens: true)
    }
}
