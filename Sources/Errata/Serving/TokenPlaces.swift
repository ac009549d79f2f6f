import Tokenizers

/// Tells where in a text each of its tokens begins, as they come.
///
/// The text that a token has by itself does not tell: a part of a character is U+FFFD then, and
/// special tokens have a name that no text shows.
public struct TokenPlaces: Sendable {
    private var decoder: StreamingDecoder
    /// How far the text has come, in Unicode scalars.
    private var length: Int

    /// The places of tokens that `version` generates.
    ///
    /// - Parameter length: of what stands before them, in Unicode scalars.
    public init(_ version: ServedVersion, from length: Int = 0) {
        decoder = StreamingDecoder(version.base.tokenizer)
        self.length = length
    }

    /// The places of a prompt's tokens in the prompt.
    public init(_ version: ServedVersion, of tokens: [Int], in text: String) {
        let tokenizer = version.base.tokenizer
        // Special tokens that are written in a prompt stand in it; those that the tokenizer adds do not.
        let isWritten = tokenizer.decode(tokens, skipSpecialTokens: false) == text
        decoder = StreamingDecoder(tokenizer, skipSpecialTokens: !isWritten)
        length = 0
    }

    /// Takes the next token and returns where its text begins, in Unicode scalars: of part of a
    /// character where that character does, and of a token without text where the text has come to.
    public mutating func next(_ token: Int) -> Int {
        // What is not certain before this token comes stands before it nevertheless.
        var before = decoder
        let pending = before.finish().unicodeScalars.prefix { $0 != "\u{FFFD}" }.count
        defer { length += decoder.append(token).unicodeScalars.count }
        return length + pending
    }
}

extension ServedVersion {
    /// The bytes of one token, special ones included: of part of a character too, which a text of it
    /// alone cannot tell.
    public func bytes(ofToken token: Int) -> [UInt8] {
        let text = text(ofToken: token)
        guard text.unicodeScalars.contains("\u{FFFD}"), let name = base.tokenizer.token(of: token)
        else { return Array(text.utf8) }
        // SentencePiece names a byte `<0xE2>`.
        if name.hasPrefix("<0x"), name.hasSuffix(">"),
            let byte = UInt8(name.dropFirst(3).dropLast(), radix: 16)
        {
            return [byte]
        }
        var bytes: [UInt8] = []
        ByteAlphabet.append(name.utf8, to: &bytes)
        return bytes
    }
}
