/// The variables that statements see: their own, then those around them.
///
/// What is set inside a loop, a macro or a captured body stays there, as in Jinja2.
final class Scope {
    private var values: [String: Value]
    private let outer: Scope?

    init(_ values: [String: Value] = [:], inside outer: Scope? = nil) {
        self.values = values
        self.outer = outer
    }

    /// The value of the innermost variable `name`.
    subscript(name: String) -> Value? {
        get { values[name] ?? outer?[name] }
        set { values[name] = newValue }
    }
}
