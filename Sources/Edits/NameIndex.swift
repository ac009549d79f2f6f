/// Finds which stored names a text has, whole.
///
/// Two questions about different people are alike but for the name, so the name decides. A name
/// that is part of a longer one is not meant: "Wales" is not asked for in "New South Wales is".
public struct NameIndex: Sendable, Equatable {
    /// The names' words and, of the same text, all others.
    private var entries: [Entry] = []
    /// The entries whose name begins with a word.
    private var beginnings: [UInt64: [Int]] = [:]

    private struct Entry: Equatable {
        let name: [UInt64]
        let words: Set<UInt64>
    }

    public init() {}

    /// Stores one more name, with the text that it was given in; one that the text does not have is
    /// never found.
    public mutating func insert(_ name: String?, in text: String) {
        let name = PromptWords.hashes(name ?? "")
        let words = PromptWords.hashes(text)
        let isFound = !name.isEmpty && words.indices.contains { words[$0...].starts(with: name) }
        if isFound { beginnings[name[0], default: []].append(entries.count) }
        entries.append(Entry(name: isFound ? name : [], words: Set(words)))
    }

    /// Whether the entry at `index` has a name to be found by.
    public func hasName(_ index: Int) -> Bool { !entries[index].name.isEmpty }

    /// The entries whose names `text` has, none within the name of another.
    public func entries(namedIn text: String) -> [Int] {
        let words = PromptWords.words(text)
        let hashes = words.map(\.hash)
        var found: [(entry: Int, place: Range<Int>)] = []
        for start in hashes.indices {
            for index in beginnings[hashes[start]] ?? []
            where hashes[start...].starts(with: entries[index].name) {
                let place = start..<start + entries[index].name.count
                if !goesOn(words, around: place, knowing: entries[index].words) {
                    found.append((index, place))
                }
            }
        }
        return found.filter { one in
            !found.contains { $0.place.count > one.place.count && covers($0.place, one.place) }
        }.map(\.entry)
    }

    private func covers(_ outer: Range<Int>, _ inner: Range<Int>) -> Bool {
        outer.lowerBound <= inner.lowerBound && inner.upperBound <= outer.upperBound
    }

    /// Whether the words at `place` are part of a longer name: a capital beside them, with nothing
    /// but a space between, that the stored text does not have and no sentence begins with.
    private func goesOn(
        _ words: [PromptWords.Word], around place: Range<Int>, knowing known: Set<UInt64>
    ) -> Bool {
        if place.upperBound < words.count {
            let next = words[place.upperBound]
            if next.gap == .space, next.isCapital, !known.contains(next.hash) { return true }
        }
        guard place.lowerBound > 0, words[place.lowerBound].gap == .space else { return false }
        let before = words[place.lowerBound - 1]
        return before.isCapital && before.gap != .sentence && !known.contains(before.hash)
    }
}
