import Edits
import Tokenizers

/// Writes token ids as numbers, so that texts of exactly so many tokens can be made for any model.
struct NumberTokenizer: Tokenizer {
    let vocabularySize: Int
    var beginningOfText: Int? { nil }
    var endOfText: Int? { nil }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        text.split(separator: " ").compactMap { Int($0) }
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
        ids.map(String.init).joined(separator: " ")
    }

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

    /// A text of `count` tokens, none of them the last of the vocabulary, which ends texts.
    mutating func text(tokens count: Int) -> String {
        (0..<count).map { _ in String(random.below(vocabularySize - 1)) }.joined(separator: " ")
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
