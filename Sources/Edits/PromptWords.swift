import Foundation

/// The words of a text, as numbers: case, accents and punctuation do not count.
///
/// A word is a run of letters and digits; in scripts that put no spaces between words, each
/// character is one.
enum PromptWords {
    /// The hashes of the words in their order.
    static func hashes(_ text: String) -> [UInt64] {
        var words: [UInt64] = []
        var current = empty
        func finish() {
            if current != empty { words.append(current) }
            current = empty
        }
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
            let properties = scalar.properties
            if isMark(properties.generalCategory) { continue }
            guard properties.isAlphabetic || properties.numericType != nil else {
                finish()
                continue
            }
            if properties.isIdeographic || isUnspaced(scalar) { finish() }
            for byte in properties.lowercaseMapping.utf8 { current = mixed(current, byte) }
            if properties.isIdeographic || isUnspaced(scalar) { finish() }
        }
        finish()
        return words
    }

    /// The hash of two words next to each other.
    static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var hash = first
        for shift in stride(from: 0, to: 64, by: 8) {
            hash = mixed(hash, UInt8(truncatingIfNeeded: second >> UInt64(shift)))
        }
        return hash
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
