/// The regular expressions that byte-level tokenizers cut text with, as scanners by hand.
///
/// They match everywhere, so a text is nothing but matches, one after the other.
enum SplitPattern: Equatable, Sendable {
    /// GPT-2: lower-case contractions, an optional space before letters, numbers or signs.
    case gpt2
    /// LLaMA-3 and its kin: contractions in any case, any one sign before letters, numbers of at
    /// most so many digits, line ends apart.
    case llama3(digits: Int)

    /// The pattern behind the regular expression in a tokenizer file.
    init?(regex: String) {
        switch regex {
        case Self.gpt2Regex: self = .gpt2
        case Self.llama3Regex("\\p{N}{1,3}"): self = .llama3(digits: 3)
        case Self.llama3Regex("\\p{N}"): self = .llama3(digits: 1)
        default: return nil
        }
    }

    private static let gpt2Regex =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private static func llama3Regex(_ number: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// Where the match that begins at `start` ends.
    @inline(__always)
    func end(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        switch self {
        case .gpt2: Self.gpt2End(text, start)
        case .llama3(let digits): Self.llama3End(text, start, digits)
        }
    }

    // MARK: Patterns

    private static func gpt2End(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        if text[start] == apostrophe, let end = contraction(text, start, anyCase: false) {
            return end
        }
        var (first, next) = text.scalarClass(at: start)
        if text[start] == blank, next < text.count {
            let (second, afterSecond) = text.scalarClass(at: next)
            if second != .space { (first, next) = (second, afterSecond) }
        }
        return first == .space ? spaces(text, start, next) : run(of: first, text, next)
    }

    private static func llama3End(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ digits: Int
    ) -> Int {
        if text[start] == apostrophe, let end = contraction(text, start, anyCase: true) {
            return end
        }
        let (first, next) = text.scalarClass(at: start)
        switch first {
        case .letter: return run(of: .letter, text, next)
        case .number: return run(of: .number, text, next, atMost: digits - 1)
        case .space where isLineEnd(text[start]): return lines(text, start, next)
        case .space, .other: break
        }
        var signs = first == .other ? next : nil
        if next < text.count {
            let (second, afterSecond) = text.scalarClass(at: next)
            if second == .letter { return run(of: .letter, text, afterSecond) }
            if text[start] == blank, second == .other { signs = afterSecond }
        }
        guard let signs else { return lines(text, start, next) }
        var end = run(of: .other, text, signs)
        while end < text.count, isLineEnd(text[end]) { end += 1 }
        return end
    }

    // MARK: Parts

    /// The end of scalars of one class.
    @inline(__always)
    private static func run(
        of wanted: ScalarClass, _ text: UnsafeBufferPointer<UInt8>, _ start: Int,
        atMost limit: Int = .max
    ) -> Int {
        var end = start
        var left = limit
        while end < text.count, left > 0 {
            let (found, next) = text.scalarClass(at: end)
            if found != wanted { break }
            end = next
            left -= 1
        }
        return end
    }

    /// `\s+(?!\S)|\s+`: all the white space, less its last scalar when a word follows.
    private static func spaces(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ next: Int
    ) -> Int {
        let end = run(of: .space, text, next)
        if end == text.count { return end }
        let last = text.scalar(before: end).start
        return last > start ? last : end
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: white space up to its last line end, when it has one.
    private static func lines(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ next: Int
    ) -> Int {
        let end = run(of: .space, text, next)
        var last = end
        while last > start, !isLineEnd(text[last - 1]) { last -= 1 }
        return last > start ? last : spaces(text, start, next)
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
    private static func contraction(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, anyCase: Bool
    ) -> Int? {
        func letter(_ offset: Int) -> UInt8 {
            guard start + offset < text.count else { return 0 }
            let byte = text[start + offset]
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return anyCase && isUpper ? byte + 0x20 : byte
        }
        switch (letter(1), letter(2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
            (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF) where anyCase:
            // U+017F, the long s, is an s in another case.
            return start + 3
        default:
            return nil
        }
    }

    private static let apostrophe = UInt8(ascii: "'")
    private static let blank = UInt8(ascii: " ")

    @inline(__always)
    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
