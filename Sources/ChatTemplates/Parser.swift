/// Makes statements of a template's tokens, by the grammar of Jinja2.
struct Parser {
    /// Deeper nesting than any template has; a bound keeps a hostile one off the stack's end.
    private static let deepest = 64

    private let tokens: [Token]
    private var position = 0
    private var depth = 0
    /// Loops around this place, as far as `break` reaches.
    var loops = 0

    static func parse(_ source: String) throws -> [Statement] {
        var parser = Parser(tokens: try Lexer.tokens(of: source))
        return try parser.statements(until: [])
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    // MARK: Tokens

    var token: Token { tokens[position] }

    /// The token after this one.
    var next: Token { tokens[min(position + 1, tokens.count - 1)] }

    /// The end is never stepped over.
    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    mutating func accept(_ kind: Token.Kind) -> Bool {
        guard token.kind == kind else { return false }
        advance()
        return true
    }

    mutating func accept(_ symbol: String) -> Bool { accept(.symbol(symbol)) }

    mutating func accept(word: String) -> Bool { accept(.name(word)) }

    /// Which of the symbols stands next, if any; it is stepped over.
    mutating func accept(oneOf symbols: [String]) -> String? {
        guard case .symbol(let symbol) = token.kind, symbols.contains(symbol) else { return nil }
        advance()
        return symbol
    }

    mutating func expect(_ symbol: String) throws {
        guard accept(symbol) else { throw mistake("`\(symbol)`") }
    }

    mutating func name() throws -> String {
        guard case .name(let name) = token.kind else { throw mistake("a name") }
        advance()
        return name
    }

    func mistake(_ expected: String) -> ChatTemplateError {
        ChatTemplateError("expected \(expected), got \(token.described).").located(token.line)
    }

    mutating func nested<Result>(
        _ body: (inout Parser) throws -> Result
    ) throws -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw mistake("less nesting") }
        return try body(&self)
    }

    // MARK: Bodies

    /// The statements after a tag's last word, up to the tag that begins with one of `ends`; its
    /// first word is stepped over.
    mutating func body(until ends: String...) throws -> (statements: [Statement], end: String) {
        _ = accept(":")
        try endTag()
        let statements = try statements(until: ends)
        return (statements, try name())
    }

    mutating func endTag() throws {
        guard accept(.tagEnd) else { throw mistake("`%}`") }
    }

    private mutating func statements(until ends: [String]) throws -> [Statement] {
        var statements: [Statement] = []
        while true {
            let line = token.line
            switch token.kind {
            case .text(let text):
                advance()
                statements.append(Statement(kind: .text(text), line: line))
            case .printBegin:
                advance()
                let kind = Statement.Kind.print(try tuple())
                guard accept(.printEnd) else { throw mistake("`}}`") }
                statements.append(Statement(kind: kind, line: line))
            case .end where ends.isEmpty:
                return statements
            default:
                guard accept(.tagBegin) else { throw mistake(Self.list(ends)) }
                if case .name(let name) = token.kind, ends.contains(name) { return statements }
                let kind = try nested { try $0.statement() }
                try endTag()
                statements.append(Statement(kind: kind, line: line))
            }
        }
    }

    private static func list(_ ends: [String]) -> String {
        ends.map { "`{% \($0) %}`" }.joined(separator: " or ")
    }
}
