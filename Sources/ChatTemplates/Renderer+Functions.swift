import Foundation

/// What every template can call.
extension Renderer {
    static let functionNames: Set = [
        "range", "namespace", "dict", "raise_exception", "strftime_now",
    ]

    func callFunction(_ name: String, _ arguments: Arguments) throws -> Value {
        switch name {
        case "range": return try range(arguments)
        case "namespace":
            namespaces.append([:])
            let number = namespaces.count - 1
            for (key, value) in try pairs(arguments) {
                try setAttribute(try key.printed().string, of: number, to: value)
            }
            return .namespace(number)
        case "dict": return try meter.mapping(pairs(arguments))
        case "raise_exception":
            let message = try arguments.bound(to: ["message"], required: 1, by: name)[0] ?? .none
            throw ChatTemplateError(refusal: try printed(message).string)
        default:
            let format = try arguments.bound(to: ["format"], required: 1, by: name)[0]
            return try meter.text(time(text(format, name)))
        }
    }

    private func range(_ arguments: Arguments) throws -> Value {
        let bounds = try arguments.bound(to: ["start", "stop", "step"], required: 1, by: "range")
            .compactMap { try $0.map(wholeNumber) }
        let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw ChatTemplateError("expected a step other than 0, got 0.") }
        let numbers = stride(from: start, to: end, by: step)
        let most = 100_000
        let elements = numbers.prefix(most + 1).map(Value.integer)
        guard elements.count <= most else {
            throw ChatTemplateError("expected at most \(most) numbers in a range, got more.")
        }
        let text = "range(\(start), \(end)" + (step == 1 ? ")" : ", \(step))")
        return try meter.series(.range(Text(text)), elements)
    }

    private func wholeNumber(_ value: Value) throws -> Int {
        guard let number = value.integer else {
            throw ChatTemplateError("expected a whole number, got \(value.kind).")
        }
        return number
    }

    /// The entries of a mapping made by `dict(pairs, name=value)`.
    private func pairs(_ arguments: Arguments) throws -> [(key: Value, value: Value)] {
        guard arguments.positional.count <= 1 else {
            throw ChatTemplateError(
                "expected at most one mapping to copy, got \(arguments.positional.count).")
        }
        let copied = try arguments.positional.first.map(entries) ?? []
        return copied + arguments.named.map { (.text(Text($0.name)), $0.value) }
    }

    private func entries(_ value: Value) throws -> [(key: Value, value: Value)] {
        try meter.work(on: value.extent.size)
        if case .mapping(let mapping) = value { return mapping.entries }
        return try elements(of: value).map { pair in
            let pair = try elements(of: pair)
            guard pair.count == 2 else {
                throw ChatTemplateError("expected pairs of a key and a value, got another list.")
            }
            return (pair[0], pair[1])
        }
    }

    /// The time of the rendering in the format of `strftime`.
    private func time(_ format: Text) throws -> Text {
        guard !format.scalars.contains("\0") else {
            throw ChatTemplateError("expected the format of a time, got one with a zero in it.")
        }
        var seconds = time_t(now.timeIntervalSince1970.rounded(.down))
        var fields = tm()
        localtime_r(&seconds, &fields)
        var buffer = [CChar](repeating: 0, count: 1024)
        // With one more character, nothing written means that it did not fit.
        let count = strftime(&buffer, buffer.count, format.string + ".", &fields)
        guard count > 0 else {
            throw ChatTemplateError("expected a format that gives a short time, got a longer one.")
        }
        let bytes = buffer[..<(count - 1)].map(UInt8.init(bitPattern:))
        return Text(String(decoding: bytes, as: UTF8.self))
    }
}
