import Edits
import Foundation
import Tokenizers

/// Writes token ids as numbers, so that texts of exactly so many tokens can be made for any model.
struct NumberTokenizer: Tokenizer {
    let vocabularySize: Int
    var beginningOfText: Int? { nil }
    var endOfText: Int? { nil }

    /// A full stop is a token of its own, since ROME writes one between two texts; other words are
    /// left out.
    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        text.split(separator: " ").flatMap { word -> [Int] in
            let number = Int(word.hasSuffix(".") ? word.dropLast() : word)
            return [number, word.hasSuffix(".") ? stop : nil].compactMap(\.self)
        }
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        ids.map { $0 == stop ? "." : " \($0)" }.joined()
            .trimmingCharacters(in: .whitespaces)
    }

    /// The full stop: the last but one of the vocabulary.
    private var stop: Int { vocabularySize - 2 }

    func id(of token: String) -> Int? { Int(token) }
    func token(of id: Int) -> String? { 0..<vocabularySize ~= id ? String(id) : nil }
}

/// Makes prompts and edits of random tokens.
struct RandomTexts {
    private let vocabularySize: Int
    private var random: SplitMix64
    private var made = 0

    init(vocabularySize: Int, seed: UInt64) {
        self.vocabularySize = vocabularySize
        random = SplitMix64(seed: seed)
    }

    /// A text of `count` tokens, none of them the last two of the vocabulary, which end texts and
    /// sentences.
    mutating func text(tokens count: Int) -> String {
        (0..<count).map { _ in String(random.below(vocabularySize - 2)) }.joined(separator: " ")
    }

    /// Edits whose rows have `tokens` tokens: prompt, three of target, end mark. The subject is what
    /// the prompt begins with.
    mutating func edits(_ count: Int, tokens: Int) throws -> [EditRecord] {
        try (0..<count).map { _ in
            made += 1
            let subject = text(tokens: 2)
            let rest = text(tokens: tokens - 6)
            return try EditRecord(
                id: "\(made)", prompt: "\(subject) \(rest)", target: text(tokens: 3),
                subject: subject)
        }
    }
}
