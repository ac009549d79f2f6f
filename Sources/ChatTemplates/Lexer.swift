/// Cuts a template into tokens: the text between tags, and the words inside them.
///
/// `trim_blocks` and `lstrip_blocks` are on: a line end after `%}` and white space from the line's
/// begin up to `{%` go, unless a `+` stands there; with a `-` all white space on that side goes.
struct Lexer {
    let source: [Unicode.Scalar]
    var position = 0
    private(set) var tokens: [Token] = []
    /// Brackets that are open in the tag, by what closes them: `}}` may stand inside.
    var closings: [Unicode.Scalar] = []
    private var line = 1
    private var counted = 0

    /// Longer than any template is.
    private static let longest = 1 << 20

    static func tokens(of source: String) throws -> [Token] {
        var lexer = Lexer(source)
        guard lexer.source.count <= longest else {
            throw lexer.mistake("at most \(longest) characters", "\(lexer.source.count)")
        }
        while lexer.position < lexer.source.count { try lexer.text() }
        lexer.emit(.end)
        return lexer.tokens
    }

    /// With every line end as a line feed, and without one at the very end.
    private init(_ source: String) {
        var scalars: [Unicode.Scalar] = []
        for scalar in source.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        for place in scalars.indices where scalars[place] == "\r" { scalars[place] = "\n" }
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    // MARK: Text and tags

    /// The text up to the next tag, and that tag.
    private mutating func text() throws {
        let start = position
        guard let begin = nextBegin(from: start) else {
            position = source.count
            return emit(.text(Text(source[start...])))
        }
        let opener = source[begin + 1]
        position = begin + 2
        let sign = takeSign()
        let text = trimmed(start..<begin, sign, isPrint: opener == "{")
        if text.count > 0 { emit(.text(text)) }
        switch opener {
        case "#": try comment()
        case "{":
            emit(.printBegin)
            try words(until: .printEnd)
        default:
            if takeRawBegin() { return try raw() }
            emit(.tagBegin)
            try words(until: .tagEnd)
        }
    }

    /// Where the next `{{`, `{%` or `{#` stands.
    private func nextBegin(from start: Int) -> Int? {
        (start..<max(start, source.count - 1)).first { place in
            source[place] == "{" && ["{", "%", "#"].contains(source[place + 1])
        }
    }

    private mutating func takeSign() -> Unicode.Scalar? {
        guard position < source.count, ["-", "+"].contains(source[position]) else { return nil }
        position += 1
        return source[position - 1]
    }

    /// The text before a tag that begins with `sign`.
    private func trimmed(_ range: Range<Int>, _ sign: Unicode.Scalar?, isPrint: Bool) -> Text {
        var text = source[range]
        if sign == "-" {
            while text.last?.isSpace == true { text.removeLast() }
        } else if sign == nil, !isPrint {
            var line = text
            while let last = line.last, last.isSpace, last != "\n" { line.removeLast() }
            let isLineStart = line.endIndex == 0 || source[line.endIndex - 1] == "\n"
            if isLineStart { text = line }
        }
        return Text(text)
    }

    private mutating func comment() throws {
        let start = position
        guard let end = find("#}", from: start) else {
            throw mistake("`#}` at the end of a comment", "the end of the template")
        }
        position = end > start && ["-", "+"].contains(source[end - 1]) ? end - 1 : end
        _ = takeEnd("#}", trims: true)
    }

    /// Steps over `end`, where it stands next, and over the white space after it that goes: all of
    /// it after a `-`, and a line end where it `trims` and no `+` keeps it.
    mutating func takeEnd(_ end: String, trims: Bool) -> Bool {
        let sign: Unicode.Scalar? =
            take("-" + end) ? "-" : trims && take("+" + end) ? "+" : nil
        guard sign != nil || take(end) else { return false }
        if sign == "-" {
            skipSpace()
        } else if sign == nil, trims {
            _ = take("\n")
        }
        return true
    }

    // MARK: Raw text

    /// Steps over the rest of `{% raw %}`, where it is one.
    private mutating func takeRawBegin() -> Bool {
        let start = position
        skipSpace()
        if take("raw") {
            skipSpace()
            if takeEnd("%}", trims: false) { return true }
        }
        position = start
        return false
    }

    /// The text up to `{% endraw %}`.
    private mutating func raw() throws {
        let start = position
        while let begin = find("{%", from: position) {
            position = begin + 2
            let sign = takeSign()
            skipSpace()
            guard take("endraw") else { continue }
            skipSpace()
            guard takeEnd("%}", trims: true) else { continue }
            let text = trimmed(start..<begin, sign, isPrint: false)
            if text.count > 0 { emit(.text(text)) }
            return
        }
        throw mistake("`{% endraw %}` after `{% raw %}`", "the end of the template")
    }

    // MARK: Steps

    /// Steps over `word`, where it stands next.
    mutating func take(_ word: String) -> Bool {
        guard source[position...].starts(with: word.unicodeScalars) else { return false }
        position += word.unicodeScalars.count
        return true
    }

    mutating func skipSpace() {
        while position < source.count, source[position].isSpace { position += 1 }
    }

    private func find(_ word: String, from start: Int) -> Int? {
        (start..<max(start, source.count)).first {
            source[$0...].starts(with: word.unicodeScalars)
        }
    }

    mutating func emit(_ kind: Token.Kind) {
        tokens.append(Token(kind: kind, line: currentLine()))
    }

    /// The line that `position` is on.
    private mutating func currentLine() -> Int {
        line += source[min(counted, position)..<position].count { $0 == "\n" }
        counted = position
        return line
    }

    mutating func mistake(_ expected: String, _ got: String) -> ChatTemplateError {
        ChatTemplateError("expected \(expected), got \(got).").located(currentLine())
    }
}
