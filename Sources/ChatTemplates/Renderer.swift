import Foundation

/// Goes through the statements of a template once, and holds what they make.
final class Renderer {
    let meter = Meter()
    let now: Date
    var scope: Scope
    /// The macros so far, each with the variables around it.
    var macros: [(macro: Macro, scope: Scope)] = []
    /// The attributes of the namespaces so far.
    var namespaces: [[String: Value]] = []
    private var output = Text()

    /// How a statement ends, and what follows it in a loop.
    enum Flow { case onward, breaks, continues }

    init(_ variables: [String: Value], now: Date) {
        scope = Scope(variables)
        self.now = now
    }

    func render(_ body: [Statement]) throws -> Text {
        _ = try execute(body)
        return output
    }

    // MARK: Statements

    func execute(_ body: [Statement]) throws -> Flow {
        for statement in body {
            do {
                let flow = try meter.nested { try execute(statement.kind) }
                if flow != .onward { return flow }
            } catch let error as ChatTemplateError {
                throw error.located(statement.line)
            }
        }
        return .onward
    }

    private func execute(_ statement: Statement.Kind) throws -> Flow {
        try meter.step()
        switch statement {
        case .text(let text): try write(text)
        case .print(let expression): try write(try printed(evaluate(expression)))
        case .branches(let branches):
            for (condition, body) in branches where try condition.map(isTrue) ?? true {
                return try execute(body)
            }
        case .loop(let loop): return try execute(loop)
        case .assign(let target, let expression): try assign(evaluate(expression), to: target)
        case .capture(let target, let filters, let body):
            return try capture(body, filters) { try assign($0, to: target) }
        case .macro(let macro):
            macros.append((macro, scope))
            scope[macro.name] = .macro(macros.count - 1)
        case .with(let assignments, let body): return try execute(assignments, body)
        case .filter(let filters, let body):
            return try capture(body, filters) { try write(printed($0)) }
        case .generation(let body): return try scoped { try execute(body) }
        case .breakLoop: return .breaks
        case .continueLoop: return .continues
        }
        return .onward
    }

    private func execute(
        _ assignments: [(Target, Expression)], _ body: [Statement]
    ) throws -> Flow {
        let values = try assignments.map { try evaluate($1) }
        return try scoped {
            for ((target, _), value) in zip(assignments, values) { try assign(value, to: target) }
            return try execute(body)
        }
    }

    private func write(_ text: Text) throws {
        try meter.make(characters: text.count)
        guard output.count + text.count <= Meter.mostCharacters else {
            throw ChatTemplateError(
                "expected a text of at most \(Meter.mostCharacters) characters, got a longer one.")
        }
        output += text
    }

    func printed(_ value: Value) throws -> Text {
        if case .text(let text) = value { return text }
        try meter.make(characters: value.extent.size)
        return try value.printed()
    }

    func isTrue(_ expression: Expression) throws -> Bool { try evaluate(expression).isTrue }

    // MARK: Variables

    /// Runs `body` with variables of its own.
    func scoped<Result>(
        inside outer: Scope? = nil, _ body: () throws -> Result
    ) rethrows -> Result {
        let before = scope
        scope = Scope(inside: outer ?? before)
        defer { scope = before }
        return try body()
    }

    /// What `body` writes, instead of writing it, and how it ends.
    func captured(_ body: [Statement]) throws -> (text: Text, flow: Flow) {
        let before = output
        output = Text()
        defer { output = before }
        let flow = try execute(body)
        return (output, flow)
    }

    /// Gives to `use` what `body` writes, unless that leaves the loop around it.
    private func capture(
        _ body: [Statement], _ filters: [Postfix], _ use: (Value) throws -> Void
    ) throws -> Flow {
        var flow = Flow.onward
        let value: Value? = try scoped {
            let text: Text
            (text, flow) = try captured(body)
            guard flow == .onward else { return nil }
            return try filters.reduce(meter.text(text)) { try apply($1, to: $0) }
        }
        if let value { try use(value) }
        return flow
    }

    func assign(_ value: Value, to target: Target) throws {
        switch target {
        case .name(let name): scope[name] = value
        case .attribute(let name, let variable):
            guard case .namespace(let number) = scope[variable] else {
                throw ChatTemplateError(
                    "expected `\(variable)` to be a namespace to set `\(name)` of, got "
                        + "\(lookUp(variable).kind); make it with `namespace()`.")
            }
            try setAttribute(name, of: number, to: value)
        case .tuple(let targets):
            let values = try elements(of: value)
            guard values.count == targets.count else {
                throw ChatTemplateError(
                    "expected \(targets.count) values to assign, got \(values.count).")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target) }
        }
    }

    func setAttribute(_ name: String, of namespace: Int, to value: Value) throws {
        guard !name.hasPrefix("_") else {
            throw ChatTemplateError(
                "expected names without `_` at the start in a namespace, got `\(name)`; call it "
                    + "otherwise.")
        }
        namespaces[namespace][name] = try meter.checked(value)
    }
}
