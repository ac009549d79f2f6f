import Foundation

/// The words of a text, as numbers: case, accents and punctuation do not count.
///
/// A word is a run of letters and digits, with the plus and number signs that end it: "C", "C++"
/// and "C#" are three. In scripts that put no spaces between words, each character is one.
enum PromptWords {
    /// A word where it stands.
    struct Word: Equatable {
        /// The same for all writings of the word.
        var hash: UInt64
        /// Begins with a capital or a digit, as the words of a name do.
        var isCapital: Bool
        /// What stands between it and the word before.
        var gap: Gap
    }

    /// What stands between two words.
    enum Gap { case space, punctuation, sentence }

    /// The hashes of the words in their order.
    static func hashes(_ text: String) -> [UInt64] { words(text).map(\.hash) }

    /// The words in their order.
    static func words(_ text: String) -> [Word] {
        var words: [Word] = []
        var current = Word(hash: empty, isCapital: false, gap: .sentence)
        var signs: [UInt8] = []
        func finish() {
            guard current.hash != empty else { return }
            current.hash = signs.reduce(current.hash, mixed)
            signs = []
            words.append(current)
            current = Word(hash: empty, isCapital: false, gap: .space)
        }
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
            let properties = scalar.properties
            if isMark(properties.generalCategory) { continue }
            guard properties.isAlphabetic || properties.numericType != nil else {
                if current.hash != empty, scalar == "+" || scalar == "#" {
                    signs.append(UInt8(scalar.value))
                    continue
                }
                finish()
                current.gap = gap(current.gap, then: scalar)
                continue
            }
            let standsAlone = properties.isIdeographic || isUnspaced(scalar)
            if !signs.isEmpty {
                // They stand between two words: 2+2.
                signs = []
                finish()
                current.gap = .punctuation
            }
            if standsAlone { finish() }
            if current.hash == empty {
                current.isCapital = properties.isUppercase || properties.numericType != nil
            }
            for byte in properties.lowercaseMapping.utf8 {
                current.hash = mixed(current.hash, byte)
            }
            if standsAlone { finish() }
        }
        finish()
        return words
    }

    private static func gap(_ gap: Gap, then scalar: Unicode.Scalar) -> Gap {
        if gap == .sentence || ".!?:;\n\u{3002}".unicodeScalars.contains(scalar) {
            return .sentence
        }
        return scalar.properties.isWhitespace ? gap : .punctuation
    }

    /// The hash of two words next to each other.
    static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var hash = first
        for shift in stride(from: 0, to: 64, by: 8) {
            hash = mixed(hash, UInt8(truncatingIfNeeded: second >> UInt64(shift)))
        }
        return hash
    }

    /// The hash of a text as it stands.
    static func hash(ofBytes bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(empty) { mixed($0, $1) }
    }

    // FNV-1a (Fowler, Noll and Vo): Swift's own hashes change with every run.
    private static let empty: UInt64 = 0xcbf2_9ce4_8422_2325

    private static func mixed(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    private static func isMark(_ category: Unicode.GeneralCategory) -> Bool {
        category == .nonspacingMark || category == .enclosingMark
    }

    /// Kana, Thai, Lao, Myanmar and Khmer.
    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3040...0x30FF, 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: true
        default: false
        }
    }
}
