/// A statement of a template, and the line on which it begins.
struct Statement: Sendable {
    let kind: Kind
    let line: Int

    indirect enum Kind: Sendable {
        case text(Text)
        case print(Expression)
        /// `if`, `elif` and `else`, which has no condition.
        case branches([(condition: Expression?, body: [Statement])])
        case loop(Loop)
        case assign(Target, Expression)
        /// `{% set name | filters %}` up to `{% endset %}`.
        case capture(Target, filters: [Postfix], body: [Statement])
        case macro(Macro)
        case with([(Target, Expression)], body: [Statement])
        case filter([Postfix], body: [Statement])
        /// What the assistant said; transformers trains on that alone, and prints it like the rest.
        case generation([Statement])
        case breakLoop, continueLoop
    }

    struct Loop: Sendable {
        let target: Target
        let series: Expression
        let filter: Expression?
        let body: [Statement]
        let otherwise: [Statement]
    }
}

struct Macro: Sendable {
    let name: String
    let parameters: [(name: String, fallback: Expression?)]
    let body: [Statement]
}

/// What can be assigned to.
indirect enum Target: Sendable {
    case name(String)
    /// An attribute of a namespace.
    case attribute(String, of: String)
    case tuple([Target])
}

/// Chains such as `a + b - c` and `a.b[c]|d` are kept flat, so that expressions are as deep as they
/// are nested and no deeper, however long.
indirect enum Expression: Sendable {
    case constant(Value)
    case name(String)
    case list([Expression])
    case tuple([Expression])
    case mapping([(key: Expression, value: Expression)])
    case conditional(Expression, if: Expression, else: Expression?)
    case any([Expression])
    case all([Expression])
    case not(Expression)
    case signed(isNegative: Bool, Expression)
    case comparison(Expression, [(Comparison, Expression)])
    case arithmetic(Expression, [(Operation, Expression)])
    /// `a ~ b`
    case joined([Expression])
    case postfix(Expression, [Postfix])
}

/// What comes after a value and makes another of it.
enum Postfix: Sendable {
    case attribute(String)
    case element(Expression)
    case slice(Expression?, Expression?, Expression?)
    case call(Passed)
    case filter(String, Passed)
    case test(String, Passed, isNegated: Bool)

    /// The arguments of a call.
    struct Passed: Sendable {
        var positional: [Expression] = []
        var named: [(name: String, value: Expression)] = []
    }
}

enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

enum Operation: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case divideToFloor = "//"
    case remainder = "%"
    case power = "**"
}
