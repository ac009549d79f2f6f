/// What an expression of a template comes to: Python's values, as far as templates meet them.
///
/// The larger ones are indirect, so that all are small: expressions inside expressions keep many on
/// the stack.
enum Value: Sendable {
    /// Something that is not there, and how the template called it.
    case undefined(String)
    case none
    case truth(Bool)
    case integer(Int)
    case float(Double)
    case text(Text)
    indirect case series(Series)
    indirect case mapping(Mapping)
    /// A `namespace`, by its number among those of the rendering: one may hold itself.
    case namespace(Int)
    /// A macro, by its number among those of the rendering.
    case macro(Int)
    /// A function that every template has.
    case function(String)
    /// The method of a value.
    indirect case method(String, of: Value)
    /// `loop`, inside a loop.
    indirect case loop(Turn)

    /// Where a loop stands: at one of its elements.
    struct Turn: Sendable {
        let series: Series
        let index: Int
    }

    /// Python's truth: nothing, zero and what is empty are false.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .truth(let truth): truth
        case .integer(let integer): integer != 0
        case .float(let float): float != 0
        case .text(let text): text.count > 0
        case .series(let series): series.isIterator || !series.elements.isEmpty
        case .mapping(let mapping): !mapping.entries.isEmpty
        case .namespace, .macro, .function, .method, .loop: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    var isNone: Bool { if case .none = self { true } else { false } }

    /// The whole number, also of a truth, which is one for Python.
    var integer: Int? {
        switch self {
        case .truth(let truth): truth ? 1 : 0
        case .integer(let integer): integer
        default: nil
        }
    }

    /// The number, whole or not.
    var number: Double? {
        if case .float(let float) = self { float } else { integer.map(Double.init) }
    }

    /// What a reader of an error message calls it.
    var kind: String {
        switch self {
        case .undefined(let name): "\(name), which is undefined"
        case .none: "none"
        case .truth: "a truth value"
        case .integer, .float: "a number"
        case .text: "a string"
        case .series(let series): series.kind.name
        case .mapping: "a mapping"
        case .namespace: "a namespace"
        case .macro: "a macro"
        case .function: "a function"
        case .method: "a method"
        case .loop: "the loop"
        }
    }
}
