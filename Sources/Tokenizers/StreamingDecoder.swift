/// Turns ids into text as they are generated, without ever showing half a character.
///
/// What ``append(_:)`` and ``finish()`` return, joined, equals `decode` of all the ids. A
/// character comes when its last byte is certain: after a `<0x..>` token that is one token later,
/// since a wrong byte behind it would turn the whole run into U+FFFD.
package struct StreamingDecoder {
    private let tokenizer: any Tokenizer
    private let skipSpecialTokens: Bool
    /// Ids already shown that the decoding of ``pending`` depends on: a `▁` that begins a text
    /// is no space, later it is.
    private var context: [Int] = []
    /// Ids not shown yet.
    private var pending: [Int] = []

    /// A decoder at the beginning of a text.
    package init(_ tokenizer: any Tokenizer, skipSpecialTokens: Bool = true) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
    }

    /// Takes the next id and returns the characters that are now complete, often none.
    package mutating func append(_ id: Int) -> String {
        pending.append(id)
        let isByte = tokenizer.token(of: id).map { TokenBytes.fallbackByte($0.utf8) != nil } ?? true
        // A token that shows nothing by itself (a special one) settles nothing before it either.
        guard !isByte, !decode([id]).isEmpty else { return "" }
        let text = unshown()
        if text.utf8.suffix(3).elementsEqual("\u{FFFD}".utf8) { return "" }
        let settled = context + pending
        context = decode(pending).isEmpty ? settled : pending
        pending = []
        return text
    }

    /// The rest of the text, with U+FFFD for a character that stayed incomplete; the decoder is
    /// then at the beginning of another text.
    package mutating func finish() -> String {
        defer { (context, pending) = ([], []) }
        return pending.isEmpty ? "" : unshown()
    }

    private func unshown() -> String {
        let shown = decode(context).utf8.count
        return String(decoding: decode(context + pending).utf8.dropFirst(shown), as: UTF8.self)
    }

    private func decode(_ ids: [Int]) -> String {
        tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens)
    }
}
