/// The statements: each is parsed from its first word to before its last `%}`.
extension Parser {
    mutating func statement() throws -> Statement.Kind {
        guard case .name(let word) = token.kind else { throw mistake("the name of a statement") }
        switch word {
        case "if": return try branches()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro": return try macro()
        case "with": return try with()
        case "filter": return try filter()
        case "generation":
            advance()
            return .generation(try closed { try $0.body(until: "endgeneration").statements })
        case "break", "continue":
            guard loops > 0 else { throw mistake("a loop around `\(word)`") }
            advance()
            return word == "break" ? .breakLoop : .continueLoop
        case "extends", "include", "import", "from", "block", "call", "autoescape", "print":
            throw mistake("statements that chat templates use")
        default: throw mistake("a statement such as `if`, `for` or `set`")
        }
    }

    /// Parses a body that `break` does not leave.
    private mutating func closed<Result>(
        _ body: (inout Parser) throws -> Result
    ) throws -> Result {
        let outer = loops
        loops = 0
        defer { loops = outer }
        return try body(&self)
    }

    private mutating func branches() throws -> Statement.Kind {
        var branches: [(condition: Expression?, body: [Statement])] = []
        var word = try name()
        while word == "if" || word == "elif" {
            let condition = try tuple(isConditional: false)
            let (statements, end) = try body(until: "elif", "else", "endif")
            branches.append((condition, statements))
            word = end
        }
        if word == "else" { branches.append((nil, try body(until: "endif").statements)) }
        return .branches(branches)
    }

    private mutating func loop() throws -> Statement.Kind {
        advance()
        let target = try target(until: .name("in"))
        guard accept(word: "in") else { throw mistake("`in`") }
        let series = try tuple(isConditional: false)
        let filter = accept(word: "if") ? try expression() : nil
        if token.kind == .name("recursive") { throw mistake("a loop that is not recursive") }
        loops += 1
        let (statements, end) = try body(until: "endfor", "else")
        loops -= 1
        let otherwise = end == "else" ? try body(until: "endfor").statements : []
        return .loop(
            Statement.Loop(
                target: target, series: series, filter: filter, body: statements,
                otherwise: otherwise))
    }

    private mutating func assignment() throws -> Statement.Kind {
        advance()
        let target = try target(until: .symbol("="), mayBeAttribute: true)
        if accept("=") { return .assign(target, try tuple()) }
        let filters = try filters()
        return .capture(target, filters: filters, body: try body(until: "endset").statements)
    }

    private mutating func macro() throws -> Statement.Kind {
        advance()
        let name = try name()
        var parameters: [(name: String, fallback: Expression?)] = []
        try expect("(")
        while !accept(")") {
            if !parameters.isEmpty { try expect(",") }
            let parameter = try self.name()
            let fallback = accept("=") ? try expression() : nil
            guard fallback != nil || parameters.last?.fallback == nil else {
                throw mistake("a default for `\(parameter)`, as for the parameter before it")
            }
            parameters.append((parameter, fallback))
        }
        let body = try closed { try $0.body(until: "endmacro").statements }
        return .macro(Macro(name: name, parameters: parameters, body: body))
    }

    private mutating func with() throws -> Statement.Kind {
        advance()
        var assignments: [(Target, Expression)] = []
        while token.kind != .tagEnd {
            if !assignments.isEmpty, !accept(",") { throw mistake("`,` or `%}`") }
            let target = try target(until: .symbol("="))
            try expect("=")
            assignments.append((target, try expression()))
        }
        return .with(assignments, body: try body(until: "endwith").statements)
    }

    private mutating func filter() throws -> Statement.Kind {
        advance()
        let first = try filterStep()
        let filters = try [first] + filters()
        return .filter(filters, body: try body(until: "endfilter").statements)
    }

    /// Names to assign to, before the token `end`.
    private mutating func target(
        until end: Token.Kind, mayBeAttribute: Bool = false
    ) throws -> Target {
        var targets: [Target] = []
        var isTuple = false
        repeat {
            if isTuple, token.kind == end { break }
            targets.append(try nested { try $0.oneTarget(mayBeAttribute: mayBeAttribute) })
            isTuple = isTuple || token.kind == .symbol(",")
        } while accept(",")
        return isTuple ? .tuple(targets) : targets[0]
    }

    private mutating func oneTarget(mayBeAttribute: Bool) throws -> Target {
        if accept("(") {
            let target = try target(until: .symbol(")"))
            try expect(")")
            return target
        }
        let reserved = ["true", "false", "none", "True", "False", "None"]
        guard case .name(let name) = token.kind, !reserved.contains(name) else {
            throw mistake("a name to assign to")
        }
        advance()
        if mayBeAttribute, accept(".") { return .attribute(try self.name(), of: name) }
        return .name(name)
    }
}
