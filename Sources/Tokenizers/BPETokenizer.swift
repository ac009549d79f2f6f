/// A tokenizer made of the parts that a `tokenizer.json` describes, in the order text meets them.
package final class BPETokenizer: Tokenizer {
    /// The parts.
    struct Parts: Sendable {
        var added: [AddedToken] = []
        var normalizer = Normalizer.none
        var preTokenizer = PreTokenizer.whole
        var model: BPEModel
        var postProcessor = PostProcessor.none
        var decoder = Decoder.spaced
        var beginningOfText: Int?
        var endOfText: Int?
    }

    package let vocabularySize: Int
    package let beginningOfText: Int?
    package let endOfText: Int?

    private let parts: Parts
    /// The model's vocabulary and the added tokens.
    private let tokens: ByteTable
    /// What each id is decoded from: for normalized added tokens what normalisation makes of them.
    private let names: ByteTable
    private let isSpecial: [Bool]
    private let addedBefore: AddedTokenFinder
    private let addedAfter: AddedTokenFinder
    private let pool = WorkspacePool()

    init(_ parts: Parts) {
        self.parts = parts
        let added = parts.added
        tokens = Self.table(of: parts.model.vocabulary, and: added)
        vocabularySize = tokens.size
        beginningOfText = parts.beginningOfText
        endOfText = parts.endOfText

        let normalized = added.filter(\.isNormalized).map { token in
            var token = token
            token.content = parts.normalizer.applied(to: token.content)
            return token
        }
        addedBefore = AddedTokenFinder(added.filter { !$0.isNormalized })
        addedAfter = AddedTokenFinder(normalized)
        names = Self.table(of: tokens, and: normalized)
        // By name, as in the package that this must equal: a special token that normalisation
        // changes is no longer one.
        let special = Set(added.filter(\.isSpecial).map(\.content))
        var isSpecial = [Bool](repeating: false, count: tokens.size)
        for token in added {
            isSpecial[token.id] = special.contains(Array(names.bytes(of: token.id) ?? []))
        }
        self.isSpecial = isSpecial
    }

    /// The table with the added tokens in it, under the names that they have there.
    private static func table(of table: ByteTable, and added: [AddedToken]) -> ByteTable {
        let new = added.filter { table.bytes(of: $0.id)?.elementsEqual($0.content) != true }
        if new.isEmpty { return table }
        let replaced = Set(new.map(\.id))
        let old = (0..<table.size).filter { !replaced.contains($0) }.compactMap { id in
            table.bytes(of: id).map { (Array($0), id) }
        }
        return ByteTable(old + new.map { ($0.content, $0.id) })
    }

    // MARK: Names

    package func id(of token: String) -> Int? {
        let id = tokens.id(of: token)
        return id < 0 ? nil : Int(id)
    }

    package func token(of id: Int) -> String? {
        names.bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Decoding

    package func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        var kept = TokenBytes()
        for id in ids {
            guard let token = names.bytes(of: id) else { continue }
            if skipSpecialTokens, isSpecial[id] { continue }
            kept.append(token)
        }
        return parts.decoder.text(of: kept)
    }

    // MARK: Encoding

    package func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        var text = text
        return text.withUTF8 { bytes in
            pool.withWorkspace { workspace in
                var ids = addSpecialTokens ? parts.postProcessor.before : []
                ids.reserveCapacity(ids.count + bytes.count / 3 + 4)
                addedBefore.forEachSection(of: bytes) { section in
                    switch section {
                    case .token(let id): ids.append(id)
                    case .text(let range):
                        let text = UnsafeBufferPointer(rebasing: bytes[range])
                        normalize(text, range.lowerBound == 0, &ids, workspace)
                    }
                }
                if addSpecialTokens { ids += parts.postProcessor.after }
                return ids
            }
        }
    }

    private func normalize(
        _ text: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ ids: inout [Int],
        _ workspace: EncodingWorkspace
    ) {
        if parts.normalizer.isEmpty {
            findAdded(text, isFirst, &ids, workspace)
        } else {
            var normalized: [UInt8] = []
            swap(&normalized, &workspace.normalized)
            parts.normalizer.apply(to: text, into: &normalized)
            normalized.withUnsafeBufferPointer { findAdded($0, isFirst, &ids, workspace) }
            swap(&normalized, &workspace.normalized)
        }
    }

    private func findAdded(
        _ text: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ ids: inout [Int],
        _ workspace: EncodingWorkspace
    ) {
        addedAfter.forEachSection(of: text) { section in
            switch section {
            case .token(let id): ids.append(id)
            case .text(let range):
                let text = UnsafeBufferPointer(rebasing: text[range])
                cut(text, isFirst && range.lowerBound == 0, &ids, workspace)
            }
        }
    }

    /// Cuts a section into pieces and encodes each.
    private func cut(
        _ text: UnsafeBufferPointer<UInt8>, _ isFirst: Bool, _ ids: inout [Int],
        _ workspace: EncodingWorkspace
    ) {
        switch parts.preTokenizer {
        case .whole:
            appendWords(text, &ids, workspace)
        case .bytes(let pattern, addsSpace: true) where text.first != UInt8(ascii: " "):
            ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer {
                appendMatches(of: pattern, $0, &ids, workspace)
            }
        case .bytes(let pattern, _):
            appendMatches(of: pattern, text, &ids, workspace)
        case .digits(let areSingle, let pattern):
            var start = 0
            while start < text.count {
                let end = text.endOfDigits(from: start, areSingle: areSingle)
                let section = UnsafeBufferPointer(rebasing: text[start..<end])
                appendMatches(of: pattern, section, &ids, workspace)
                start = end
            }
        case .marks(let space):
            space.marked(text, isFirst: isFirst).withUnsafeBufferPointer { text in
                if space.splits {
                    appendPieces(text, startingWith: space.mark, cutsRuns: true, &ids, workspace)
                } else {
                    appendWords(text, &ids, workspace)
                }
            }
        }
    }

    private func appendMatches(
        of pattern: SplitPattern?, _ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int],
        _ workspace: EncodingWorkspace
    ) {
        var start = 0
        while start < text.count {
            let end = pattern?.end(in: text, from: start) ?? text.count
            let piece = UnsafeBufferPointer(rebasing: text[start..<end])
            parts.model.append(piece, to: &ids, workspace: workspace)
            start = end
        }
    }

    /// Encodes text that is one piece by its definition: word by word where that is the same.
    private func appendWords(
        _ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int], _ workspace: EncodingWorkspace
    ) {
        if parts.model.splitsBeforeMarks {
            appendPieces(text, startingWith: BPEModel.mark, cutsRuns: false, &ids, workspace)
        } else {
            parts.model.append(text, to: &ids, workspace: workspace)
        }
    }

    /// Encodes pieces that begin at a mark: at each, or at the first of each run of marks.
    private func appendPieces(
        _ text: UnsafeBufferPointer<UInt8>, startingWith mark: [UInt8], cutsRuns: Bool,
        _ ids: inout [Int], _ workspace: EncodingWorkspace
    ) {
        var start = 0
        var afterMark = -1
        var index = 0
        while index < text.count {
            guard text[index] == mark[0], text[index...].starts(with: mark) else {
                index += 1
                continue
            }
            if index > start, cutsRuns || index != afterMark {
                let piece = UnsafeBufferPointer(rebasing: text[start..<index])
                parts.model.append(piece, to: &ids, workspace: workspace)
                start = index
            }
            index += mark.count
            afterMark = index
        }
        if start < text.count {
            let piece = UnsafeBufferPointer(rebasing: text[start...])
            parts.model.append(piece, to: &ids, workspace: workspace)
        }
    }
}
