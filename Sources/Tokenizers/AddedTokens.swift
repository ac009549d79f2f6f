/// A token that is found in the text as it stands, before anything else looks at the text.
struct AddedToken: Sendable {
    var content: [UInt8]
    var id = 0
    /// Left out by `decode` when special tokens are skipped.
    var isSpecial = false
    /// Looked for after normalisation rather than before.
    var isNormalized = false
    /// Found only where no letter, number or underscore touches it.
    var isSingleWord = false
    /// Takes the white space before it along.
    var stripsLeft = false
    /// Takes the white space after it along.
    var stripsRight = false
}

extension AddedToken {
    /// The token as an element of the file's `added_tokens` has it, without its id.
    init(_ file: Component) throws {
        content = try file.bytes("content")
        isSpecial = try file.flag("special", missing: false)
        isNormalized = try file.flag("normalized", missing: !isSpecial)
        isSingleWord = try file.flag("single_word", missing: false)
        stripsLeft = try file.flag("lstrip", missing: false)
        stripsRight = try file.flag("rstrip", missing: false)
    }

    /// What is added to a `vocab.json`, under the ids that the files give: the tokens of
    /// `added_tokens_decoder` in the configuration, or where there is none, as older versions wrote
    /// them, those of `added_tokens.json`.
    ///
    /// - Parameter special: the names that are special in the older file, which has no flags.
    static func listed(
        _ config: Component?, _ file: Component?, special: [String]
    ) throws -> [AddedToken] {
        if let decoder = config?.optional("added_tokens_decoder") {
            return try decoder.members().map { key, member in
                var token = try AddedToken(member)
                let id = Int(String(decoding: key, as: UTF8.self))
                token.id = try ByteTable.checked(id, of: token.content, in: decoder)
                return token
            }
        }
        guard let file else { return [] }
        return try file.members().map { name, member in
            let id = try ByteTable.checked(member.json.integer, of: name, in: file)
            let isSpecial = special.contains { $0.utf8.elementsEqual(name) }
            return AddedToken(
                content: name, id: id, isSpecial: isSpecial, isNormalized: !isSpecial)
        }
    }
}

/// Finds added tokens in text: leftmost first, the longest where several begin.
struct AddedTokenFinder: Sendable {
    /// What a text is cut into.
    enum Section {
        case token(Int)
        case text(Range<Int>)
    }

    private let tokens: [AddedToken]
    /// The tokens that begin with each byte, longest first.
    private let candidates: [[Int]]
    private let isFirst: [Bool]

    init(_ tokens: [AddedToken]) {
        let tokens = tokens.filter { !$0.content.isEmpty }
        let byLength = tokens.indices.sorted { tokens[$0].content.count > tokens[$1].content.count }
        var candidates = [[Int]](repeating: [], count: 256)
        for index in byLength { candidates[Int(tokens[index].content[0])].append(index) }
        self.tokens = tokens
        self.candidates = candidates
        isFirst = candidates.map { !$0.isEmpty }
    }

    /// Cuts `text` and hands the sections to `body` in order; none of them is empty.
    func forEachSection(
        of text: UnsafeBufferPointer<UInt8>, _ body: (Section) -> Void
    ) {
        var done = 0
        var position = 0
        while let (start, token) = firstMatch(in: text, from: position) {
            var range = start..<start + token.content.count
            position = range.upperBound
            if token.isSingleWord, touchesWord(range, text) { continue }
            if token.stripsLeft {
                range = max(done, spaceStart(before: start, text))..<range.upperBound
            }
            if token.stripsRight {
                range = range.lowerBound..<spaceEnd(after: range.upperBound, text)
            }
            if done < range.lowerBound { body(.text(done..<range.lowerBound)) }
            body(.token(token.id))
            done = range.upperBound
        }
        if done < text.count { body(.text(done..<text.count)) }
    }

    private func firstMatch(
        in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (start: Int, token: AddedToken)? {
        if tokens.isEmpty { return nil }
        return isFirst.withUnsafeBufferPointer { isFirst in
            for position in start..<text.count where isFirst[Int(text[position])] {
                let match = candidates[Int(text[position])].first {
                    text[position...].starts(with: tokens[$0].content)
                }
                if let match { return (position, tokens[match]) }
            }
            return nil
        }
    }

    private func touchesWord(_ range: Range<Int>, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if range.lowerBound > 0, isWord(text.scalar(before: range.lowerBound).scalar) {
            return true
        }
        return range.upperBound < text.count && isWord(text.scalar(at: range.upperBound).scalar)
    }

    private func spaceStart(before end: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
        var position = end
        while position > 0 {
            let (scalar, start) = text.scalar(before: position)
            guard scalar.properties.isWhitespace else { break }
            position = start
        }
        return position
    }

    private func spaceEnd(after start: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
        var position = start
        while position < text.count {
            let (scalar, next) = text.scalar(at: position)
            guard scalar.properties.isWhitespace else { break }
            position = next
        }
        return position
    }

    /// `\w` as Unicode defines it for regular expressions (UTS 18, annex C).
    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isKnown else { return false }
        let properties = scalar.properties
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }
}
