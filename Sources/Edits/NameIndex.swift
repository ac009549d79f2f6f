/// Finds which stored names a text has, whole.
///
/// Two questions about different people are alike but for the name, so the name decides. A name
/// that is part of a longer one is not meant: "Wales" is not asked for in "New South Wales is".
public struct NameIndex: Sendable, Equatable {
    /// The names and, of the same text, all words.
    private var entries: [Entry] = []
    /// The names that begin with a word.
    private var beginnings: [UInt64: [Name]] = [:]

    private struct Entry: Equatable {
        /// The words of each name; all names must be found.
        let names: [[UInt64]]
        let words: Set<UInt64>
    }

    /// One of the names of an entry.
    private struct Name: Hashable {
        let entry: Int
        let number: Int
    }

    public init() {}

    /// Stores one more text under the name of what it is about.
    ///
    /// Where that is not known, or not in the text, all its capitalised words are what is meant. A
    /// text without any, or with capitals on most of its words, is never found.
    ///
    /// - Parameter isCommon: whether a word begins sentences without being a name.
    /// - Returns: Whether the text can be found.
    @discardableResult
    public mutating func insert(
        _ name: String?, in text: String, isCommon: (UInt64) -> Bool = { _ in false }
    ) -> Bool {
        let words = PromptWords.words(text)
        let hashes = words.map(\.hash)
        let name = PromptWords.hashes(name ?? "")
        let isFound =
            !name.isEmpty && hashes.indices.contains { hashes[$0...].starts(with: name) }
        let names = isFound ? [name] : Self.names(in: words, isCommon: isCommon)
        for (number, name) in names.enumerated() {
            beginnings[name[0], default: []].append(Name(entry: entries.count, number: number))
        }
        entries.append(Entry(names: names, words: Set(hashes)))
        return !names.isEmpty
    }

    /// Words with capitals next to each other. The first of a sentence has one anyway, and counts
    /// where it is no common word.
    private static func names(
        in words: [PromptWords.Word], isCommon: (UInt64) -> Bool
    ) -> [[UInt64]] {
        var names: [[UInt64]] = []
        var goesOn = false
        for word in words {
            let isName = word.isCapital && !(word.gap == .sentence && isCommon(word.hash))
            if isName, goesOn, word.gap == .space {
                names[names.count - 1].append(word.hash)
            } else if isName {
                names.append([word.hash])
            }
            goesOn = isName
        }
        // Headings and shouting have capitals that tell nothing.
        return names.joined().count * 2 > words.count ? [] : names
    }

    /// The entries all of whose names `text` has, none of them within the name of another; in
    /// their order.
    public func entries(namedIn text: String) -> [Int] {
        let words = PromptWords.words(text)
        let hashes = words.map(\.hash)
        var found: [(name: Name, place: Range<Int>)] = []
        for start in hashes.indices {
            for name in beginnings[hashes[start]] ?? [] {
                let entry = entries[name.entry]
                let wanted = entry.names[name.number]
                let place = start..<start + wanted.count
                if hashes[start...].starts(with: wanted),
                    !goesOn(words, around: place, knowing: entry.words)
                {
                    found.append((name, place))
                }
            }
        }
        let meant = found.filter { one in
            !found.contains { $0.place.count > one.place.count && covers($0.place, one.place) }
        }
        return Dictionary(grouping: Set(meant.map(\.name)), by: \.entry)
            .filter { $1.count == entries[$0].names.count }.keys.sorted()
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
