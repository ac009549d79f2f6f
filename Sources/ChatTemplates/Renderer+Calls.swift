/// Calls of functions, macros and methods.
extension Renderer {
    func call(_ callee: Value, _ arguments: Arguments) throws -> Value {
        switch callee {
        case .function(let name): return try callFunction(name, arguments)
        case .macro(let number): return try callMacro(number, arguments)
        case .method(let name, .text(let text)):
            return try callMethod(name, of: text, arguments)
        case .method(let name, .mapping(let mapping)):
            return try callMethod(name, of: mapping, arguments)
        default: throw ChatTemplateError("expected something to call, got \(callee.kind).")
        }
    }

    private func callMacro(_ number: Int, _ arguments: Arguments) throws -> Value {
        let (macro, outer) = macros[number]
        let values = try arguments.bound(to: macro.parameters.map(\.name), by: macro.name)
        return try meter.nested {
            try scoped(inside: outer) {
                for (parameter, value) in zip(macro.parameters, values) {
                    // A default may speak of the parameters before it.
                    scope[parameter.name] =
                        try value ?? parameter.fallback.map(evaluate)
                        ?? .undefined("parameter `\(parameter.name)`")
                }
                return try meter.text(captured(macro.body).text)
            }
        }
    }
}
