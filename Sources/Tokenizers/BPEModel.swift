/// Byte-pair encoding: a vocabulary, its merges, and what to do with characters outside it.
struct BPEModel: Sendable {
    /// What the merges start from.
    enum Alphabet: Sendable {
        /// GPT-2's: each byte is a character (``ByteAlphabet``).
        case bytes
        /// SentencePiece's: each Unicode scalar, in bytes where the vocabulary lacks it.
        case scalars
    }

    /// Options of the file's `model`.
    struct Options: Sendable {
        /// The token for characters that have none.
        var unknown: Int32?
        /// One unknown token for a run of such characters.
        var fusesUnknown = false
        /// Whether a character outside the vocabulary becomes `<0x..>` tokens.
        var fallsBackToBytes = false
        /// Whether a piece that is a token stays one, whatever the merges say.
        var ignoresMerges = false
    }

    let vocabulary: ByteTable
    let merges: MergeTable
    let options: Options
    let alphabet: Alphabet
    /// True when no merge reaches over the start of a `▁` word, so that the words of a text can
    /// be encoded, and remembered, one at a time.
    let splitsBeforeMarks: Bool

    /// The token of each byte of the alphabet, or of each ASCII character; -1 without one.
    private let symbols: [Int32]
    /// `<0x00>` to `<0xFF>`; -1 without one.
    private let byteTokens: [Int32]

    /// U+2581, which SentencePiece writes for a space.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    init(
        vocabulary: ByteTable, merges: [(left: Int32, right: Int32, result: Int32)],
        alphabet: Alphabet, options: Options
    ) {
        self.vocabulary = vocabulary
        self.merges = MergeTable(merges)
        self.alphabet = alphabet
        self.options = options
        symbols = (UInt8.min...UInt8.max).map { byte in
            switch alphabet {
            case .bytes: vocabulary.id(of: Array(String(ByteAlphabet.scalars[Int(byte)]).utf8))
            case .scalars: byte < 0x80 ? vocabulary.id(of: [byte]) : -1
            }
        }
        byteTokens = (UInt8.min...UInt8.max).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: byte < 16 ? "<0x0\(digits)>" : "<0x\(digits)>")
        }
        let crosses = merges.contains { merge in
            Self.isMarked(vocabulary.bytes(of: Int(merge.right)), atEnd: false)
                && !Self.isMarked(vocabulary.bytes(of: Int(merge.left)), atEnd: true)
        }
        splitsBeforeMarks =
            alphabet == .scalars && !options.ignoresMerges && !crosses
            && vocabulary.id(of: Self.mark) >= 0
    }

    /// Adds the tokens of one piece of text to `ids`.
    func append(
        _ piece: UnsafeBufferPointer<UInt8>, to ids: inout [Int], workspace: EncodingWorkspace
    ) {
        if workspace.cache.append(piece, to: &ids) { return }
        let start = ids.count
        if options.ignoresMerges, let whole = token(of: piece) {
            ids.append(Int(whole))
        } else {
            workspace.merger.symbols.removeAll(keepingCapacity: true)
            switch alphabet {
            case .bytes: appendBytes(of: piece, to: &workspace.merger.symbols)
            case .scalars: appendScalars(of: piece, to: &workspace.merger.symbols)
            }
            workspace.merger.merge(with: merges)
            for symbol in workspace.merger.symbols { ids.append(Int(symbol)) }
        }
        workspace.cache.insert(piece, ids[start...])
    }

    /// The token that is all of `piece`.
    private func token(of piece: UnsafeBufferPointer<UInt8>) -> Int32? {
        let id: Int32
        switch alphabet {
        case .scalars: id = vocabulary.id(of: piece)
        case .bytes:
            var name: [UInt8] = []
            for byte in piece {
                name.append(contentsOf: UTF8.encode(ByteAlphabet.scalars[Int(byte)]) ?? .init())
            }
            id = vocabulary.id(of: name)
        }
        return id < 0 ? nil : id
    }

    private func appendBytes(of piece: UnsafeBufferPointer<UInt8>, to result: inout [Int32]) {
        var isUnknown = false
        for byte in piece {
            let symbol = symbols[Int(byte)]
            if symbol >= 0 {
                flush(&isUnknown, to: &result)
                result.append(symbol)
            } else {
                let name = Array(String(ByteAlphabet.scalars[Int(byte)]).utf8)
                name.withUnsafeBufferPointer { appendMissing($0[...], &isUnknown, to: &result) }
            }
        }
        flush(&isUnknown, to: &result)
    }

    private func appendScalars(of piece: UnsafeBufferPointer<UInt8>, to result: inout [Int32]) {
        var isUnknown = false
        var index = 0
        while index < piece.count {
            let next = piece[index] < 0x80 ? index + 1 : piece.scalar(at: index).next
            let scalar = piece[index..<next]
            let symbol =
                next == index + 1
                ? symbols[Int(piece[index])] : vocabulary.id(of: .init(rebasing: scalar))
            if symbol >= 0 {
                flush(&isUnknown, to: &result)
                result.append(symbol)
            } else {
                appendMissing(scalar, &isUnknown, to: &result)
            }
            index = next
        }
        flush(&isUnknown, to: &result)
    }

    /// A character that has no token. The unknown token waits for the next character that has
    /// one, even past byte tokens: so does the package that this must equal.
    private func appendMissing(
        _ scalar: Slice<UnsafeBufferPointer<UInt8>>, _ isUnknown: inout Bool,
        to result: inout [Int32]
    ) {
        if options.fallsBackToBytes, scalar.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
            for byte in scalar { result.append(byteTokens[Int(byte)]) }
            return
        }
        if !options.fusesUnknown { flush(&isUnknown, to: &result) }
        isUnknown = options.unknown != nil
    }

    private func flush(_ isUnknown: inout Bool, to result: inout [Int32]) {
        guard isUnknown, let unknown = options.unknown else { return }
        result.append(unknown)
        isUnknown = false
    }

    private static func isMarked(_ token: ArraySlice<UInt8>?, atEnd: Bool) -> Bool {
        guard let token else { return false }
        return atEnd ? token.suffix(3).elementsEqual(mark) : token.starts(with: mark)
    }
}
