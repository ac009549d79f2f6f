import Foundation

/// How much of each stored prompt's words another prompt has.
///
/// A rephrasing keeps the subject's words, a question about another subject does not, and hidden
/// states hardly tell the two apart. Words count by their rarity: a word that the base model's own
/// text uses often, or that many stored prompts share, says little. Neighbouring words count as
/// pairs too, so that order matters a little.
///
/// Every weight follows from counts, so adding or removing a prompt in any order gives one index.
public struct PromptIndex: Sendable, Equatable {
    /// The stored prompts, in order.
    public private(set) var prompts: [String] = []
    /// In how many sampled texts each word occurs, scaled to `sampledTexts` of them.
    private var background: [UInt64: Double] = [:]

    private var features: [Feature] = []
    private var featureIndex: [UInt64: Int] = [:]
    /// Which stored prompts have a feature.
    private var postings: [[Int32]] = []
    /// Which features a stored prompt has.
    private var entries: [[Int32]] = []
    /// The sum of the weights of a stored prompt's features.
    private var totals: [Double] = []
    private var weights: [Double] = []

    /// A word, or two words next to each other.
    private enum Feature: Equatable { case word, pair(Int, Int) }

    /// Constants of the weight, chosen on data that no table of ours scores.
    private static let sampledTexts = 2304.0
    private static let smoothing = 3.0
    private static let storedFactor = 3.0
    private static let exponent = -0.7
    private static let pairShare = 0.5
    /// Only the end of a long prompt can ask for an edit.
    private static let window = 24

    /// An index of no prompts, for a base model that writes like `texts`.
    public init(background texts: [String] = []) {
        let scale = Self.sampledTexts / Double(max(texts.count, 1))
        for text in texts {
            for word in Set(PromptWords.hashes(text)) { background[word, default: 0] += scale }
        }
    }

    public var count: Int { prompts.count }

    /// An index of no prompts that knows the same texts.
    public var emptied: PromptIndex {
        var index = PromptIndex()
        index.background = background
        return index
    }

    /// Stores more prompts.
    public mutating func insert(_ more: [String]) {
        for prompt in more {
            let words = PromptWords.hashes(prompt)
            let own = Array(Set(words.map { feature($0, .word) } + pairs(of: words))).sorted()
            for index in own { postings[index].append(Int32(prompts.count)) }
            entries.append(own.map(Int32.init))
            prompts.append(prompt)
        }
        reweigh()
    }

    /// How much of each stored prompt `prompt` covers, from 0 to 1: [count].
    public func coverage(by prompt: String) -> [Double] {
        let words = PromptWords.hashes(prompt).suffix(Self.window)
        var found = Set(words.compactMap { featureIndex[$0] })
        for (first, second) in zip(words, words.dropFirst()) {
            if let index = featureIndex[PromptWords.pair(first, second)] { found.insert(index) }
        }
        var covered = [Double](repeating: 0, count: count)
        // In one order, so that sums come out the same in every run.
        for index in found.sorted() {
            for entry in postings[index] { covered[Int(entry)] += weights[index] }
        }
        return zip(covered, totals).map { $1 > 0 ? $0 / $1 : 0 }
    }

    private mutating func pairs(of words: [UInt64]) -> [Int] {
        zip(words, words.dropFirst()).map { first, second in
            let pair = Feature.pair(featureIndex[first]!, featureIndex[second]!)
            return feature(PromptWords.pair(first, second), pair)
        }
    }

    private mutating func feature(_ hash: UInt64, _ kind: Feature) -> Int {
        if let index = featureIndex[hash] { return index }
        featureIndex[hash] = features.count
        features.append(kind)
        postings.append([])
        backgroundCounts.append(background[hash] ?? 0)
        return features.count - 1
    }

    /// Background counts by feature.
    private var backgroundCounts: [Double] = []

    /// (3 + texts with the word + 3 · other stored prompts with it)^-0.7; half the smaller for pairs.
    private mutating func reweigh() {
        weights = features.indices.map { index in
            let others = Double(max(postings[index].count - 1, 0))
            return pow(
                Self.smoothing + backgroundCounts[index] + Self.storedFactor * others,
                Self.exponent)
        }
        for (index, feature) in features.enumerated() {
            if case .pair(let first, let second) = feature {
                weights[index] = Self.pairShare * min(weights[first], weights[second])
            }
        }
        totals = entries.map { $0.reduce(0) { $0 + weights[Int($1)] } }
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
