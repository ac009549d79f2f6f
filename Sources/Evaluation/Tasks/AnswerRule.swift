import Edits

/// When a continuation is right.
package enum AnswerRule: Sendable, Equatable {
    /// The text stands in it, letter for letter.
    case contains(String)
    /// The word stands in it, in any case, where one of two was asked for.
    case containsWord(String, of: [String])
    /// It is the word, in any case, where one of two was asked for.
    case isWord(String, of: [String])
    /// Some of its words in a row are one of the answers, case, punctuation and articles aside.
    case span([String])
    /// As far as it says what the summary says: the mean of ROUGE-1, -2 and -L.
    case summary(String)
    /// As many of the entities as stand in it, letter for letter.
    case entities([String])

    /// The most points that a continuation can get.
    package var possible: Int {
        if case .entities(let entities) = self { entities.count } else { 1 }
    }

    /// The points that `continuation` gets.
    ///
    /// - Parameter prompt: what `span` searches too, as the released scorer does; empty for the
    ///   continuation alone.
    package func points(_ continuation: String, after prompt: String = "") -> Double {
        switch self {
        case .contains(let text): continuation.holds(text) ? 1 : 0
        case .containsWord(let word, _): continuation.lowercased().holds(word) ? 1 : 0
        case .isWord(let word, _): continuation.bareWord == word ? 1 : 0
        case .span(let answers):
            ComparableWords(prompt + continuation).contain(anyOf: answers) ? 1 : 0
        case .summary(let summary): Rouge(continuation, target: summary).mean
        case .entities(let entities): Double(entities.count { continuation.holds($0) })
        }
    }

    /// Whether `continuation` is one of the two words asked for; nothing where none was.
    package func isAnswer(_ continuation: String) -> Bool? {
        switch self {
        case .containsWord(_, let words): words.contains { continuation.lowercased().holds($0) }
        case .isWord(_, let words): words.contains(continuation.bareWord)
        default: nil
        }
    }
}

extension String {
    /// Whether `other` stands in this text byte for byte, whatever letters combine with.
    fileprivate func holds(_ other: String) -> Bool { utf8.contains(other.utf8) }

    fileprivate var bareWord: String { lowercased().trimmed }
}
