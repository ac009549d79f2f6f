extension Renderer {
    /// `left operation right`, by Python's rules for numbers, strings and lists.
    func compute(_ left: Value, _ operation: Operation, _ right: Value) throws -> Value {
        if let left = left.integer, let right = right.integer {
            return try Numbers.compute(left, operation, right)
        }
        if let left = left.number, let right = right.number {
            return .float(try Numbers.compute(left, operation, right))
        }
        switch (left, operation, right) {
        case (.text(let left), .add, .text(let right)): return try meter.text(left + right)
        case (.series(let left), .add, .series(let right))
        where left.kind == right.kind && left.isAddable:
            return try meter.series(left.kind, left.elements + right.elements)
        case (_, .multiply, _):
            if let count = right.integer, let value = try repeated(left, count) { return value }
            if let count = left.integer, let value = try repeated(right, count) { return value }
        default: break
        }
        throw ChatTemplateError(
            "expected numbers, or what else goes together, on both sides of "
                + "`\(operation.rawValue)`, got \(left.kind) and \(right.kind).")
    }

    /// A text or a list, `count` times; nil for anything else.
    private func repeated(_ value: Value, _ count: Int) throws -> Value? {
        let count = max(0, count)
        switch value {
        // Nothing costs nothing, but to put it together goes round `count` times all the same.
        case .text(let text) where text.count == 0: return value
        case .series(let series) where series.isAddable && series.elements.isEmpty: return value
        case .text(let text):
            try meter.make(characters: text.count, times: count)
            return try meter.text(Text(repeatElement(text.scalars, count: count).joined()))
        case .series(let series) where series.isAddable:
            try meter.make(elements: series.elements.count, times: count)
            let elements = Array(repeatElement(series.elements, count: count).joined())
            return try meter.series(series.kind, elements)
        default: return nil
        }
    }
}

extension Series {
    fileprivate var isAddable: Bool { kind == .list || kind == .tuple }
}

extension Value {
    /// `-value` or `+value`.
    func signed(isNegative: Bool) throws -> Value {
        if let integer {
            guard isNegative else { return .integer(integer) }
            return .integer(try Numbers.whole(0.subtractingReportingOverflow(integer)))
        }
        guard let number else {
            throw ChatTemplateError("expected a number after a sign, got \(kind).")
        }
        return .float(isNegative ? -number : number)
    }
}
