import Foundation

/// How much of each stored prompt's words another prompt has.
///
/// A rephrasing keeps the subject's words, a question about another subject does not, and hidden
/// states hardly tell the two apart. Words count by their rarity: a word that the base model's own
/// text uses often, or that many stored prompts share, says little. Neighbouring words count as
/// pairs too, so that order matters a little.
///
/// Every weight follows from counts: the order in which prompts are stored changes no coverage.
public struct PromptIndex: Sendable, Equatable {
    /// The stored prompts, in order.
    public private(set) var prompts: [String] = []
    /// In how many sampled texts each word occurs, scaled to `sampledTexts` of them.
    private var background: [UInt64: Double] = [:]

    private var features: [Feature] = []
    private var featureIndex: [UInt64: Int] = [:]
    /// In how many stored prompts each feature occurs.
    private var holders: [Int] = []
    /// What each word weighs; a pair weighs what its words do.
    private var weights: [Double] = []
    /// Which features a stored prompt has, in rising order.
    private var entries: [[Int32]] = []

    /// A word with the count of sampled texts that have it, or two words next to each other.
    private enum Feature: Equatable { case word(texts: Double), pair(Int, Int) }

    /// Constants of the weight, chosen on data that no table of ours scores.
    private static let sampledTexts = 2304.0
    private static let smoothing = 3.0
    private static let storedFactor = 3.0
    private static let exponent = -0.7
    private static let pairShare = 0.5
    /// Only the end of a long prompt can ask for an edit, whether it is stored or asked.
    private static let window = 24

    /// An index of no prompts, for a base model that writes like `texts`.
    public init(background texts: [String] = []) {
        let scale = Self.sampledTexts / Double(max(texts.count, 1))
        for text in texts {
            for word in Set(PromptWords.hashes(text)) { background[word, default: 0] += scale }
        }
    }

    public var count: Int { prompts.count }

    /// What the counts of the sampled texts' words take.
    public var backgroundByteCount: Int { background.count * 16 }

    /// Whether one in a hundred of the sampled texts has the word of `hash`.
    public func isCommon(_ hash: UInt64) -> Bool {
        background[hash, default: 0] >= Self.sampledTexts / 100
    }

    /// An index of no prompts that knows the same texts.
    public var emptied: PromptIndex {
        var index = PromptIndex()
        index.background = background
        return index
    }

    /// Stores more prompts, at a cost that does not grow with what is stored.
    public mutating func insert(_ more: [String]) {
        for prompt in more {
            let words = PromptWords.hashes(prompt).suffix(Self.window)
            let own = Set(words.map { word($0) } + pairs(of: words)).sorted()
            for index in own {
                holders[index] += 1
                weights[index] = wordWeight(index)
            }
            entries.append(own.map(Int32.init))
            prompts.append(prompt)
        }
    }

    /// How much of each stored prompt `prompt` covers, from 0 to 1: [count].
    public func coverage(by prompt: String) -> [Double] {
        coverage(by: prompt, of: entries.indices)
    }

    /// The same of some stored prompts, [places].
    public func coverage(by prompt: String, of places: some Sequence<Int>) -> [Double] {
        let words = PromptWords.hashes(prompt).suffix(Self.window)
        let pairs = zip(words, words.dropFirst()).map(PromptWords.pair)
        var isFound = [Bool](repeating: false, count: features.count)
        for hash in words + pairs {
            if let index = featureIndex[hash] { isFound[index] = true }
        }
        return places.map { place in
            var total = 0.0
            var covered = 0.0
            for index in entries[place].lazy.map(Int.init) {
                let weight = weight(index)
                total += weight
                if isFound[index] { covered += weight }
            }
            return total > 0 ? covered / total : 0
        }
    }

    private mutating func word(_ hash: UInt64) -> Int {
        feature(hash, .word(texts: background[hash] ?? 0))
    }

    private mutating func pairs(of words: ArraySlice<UInt64>) -> [Int] {
        zip(words, words.dropFirst()).map { first, second in
            let pair = Feature.pair(word(first), word(second))
            return feature(PromptWords.pair(first, second), pair)
        }
    }

    private mutating func feature(_ hash: UInt64, _ kind: Feature) -> Int {
        if let index = featureIndex[hash] { return index }
        featureIndex[hash] = features.count
        features.append(kind)
        holders.append(0)
        weights.append(0)
        return features.count - 1
    }

    private func weight(_ index: Int) -> Double {
        switch features[index] {
        case .word: weights[index]
        case .pair(let first, let second): Self.pairShare * min(weights[first], weights[second])
        }
    }

    /// (3 + texts with the word + 3 · other stored prompts with it)^-0.7; a pair has half the
    /// smaller of its words'.
    private func wordWeight(_ index: Int) -> Double {
        guard case .word(let texts) = features[index] else { return 0 }
        let others = Double(max(holders[index] - 1, 0))
        return pow(Self.smoothing + texts + Self.storedFactor * others, Self.exponent)
    }
}

extension PromptIndex: Codable {
    private enum CodingKeys: String, CodingKey { case background, prompts }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let background = try values.decode([String: Double].self, forKey: .background)
        for (word, texts) in background {
            guard let hash = UInt64(word) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .background, in: values, debugDescription: "'\(word)' is no word's hash"
                )
            }
            self.background[hash] = texts
        }
        insert(try values.decode([String].self, forKey: .prompts))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        // Keys that are text can be sorted: one index is one document.
        try values.encode(
            Dictionary(uniqueKeysWithValues: background.map { (String($0), $1) }),
            forKey: .background)
        try values.encode(prompts, forKey: .prompts)
    }
}
