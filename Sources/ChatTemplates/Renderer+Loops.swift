extension Renderer {
    func execute(_ loop: Statement.Loop) throws -> Flow {
        let series = Series(.list, try chosen(loop))
        var hasFinishedTurn = false
        for (index, element) in series.elements.enumerated() {
            let flow = try scoped {
                try meter.step()
                scope["loop"] = .loop(Value.Turn(series: series, index: index))
                try assign(element, to: loop.target)
                return try execute(loop.body)
            }
            if flow == .breaks { break }
            if flow == .onward { hasFinishedTurn = true }
        }
        // Jinja2 takes a loop for empty when every turn was cut short.
        if !hasFinishedTurn { return try scoped { try execute(loop.otherwise) } }
        return .onward
    }

    /// The elements that pass the filter of the loop.
    private func chosen(_ loop: Statement.Loop) throws -> [Value] {
        let all = try elements(of: evaluate(loop.series))
        guard let filter = loop.filter else { return all }
        return try all.filter { element in
            try scoped {
                try assign(element, to: loop.target)
                return try isTrue(filter)
            }
        }
    }

    /// What a loop over `value` goes through.
    func elements(of value: Value) throws -> [Value] {
        switch value {
        case .undefined: return []
        case .series(let series):
            if case .iterator(let failure?) = series.kind { throw failure }
            try meter.work(on: series.elements.count)
            return series.elements
        case .mapping(let mapping):
            try meter.make(elements: mapping.entries.count)
            return mapping.entries.map(\.key)
        case .text(let text):
            try meter.make(elements: text.count)
            return text.scalars.map { .text(Text([$0])) }
        default:
            throw ChatTemplateError("expected something to go through, got \(value.kind).")
        }
    }
}

extension Value.Turn {
    /// What `loop.name` is; nil when it is nothing.
    func attribute(_ name: String) -> Value? {
        let count = series.elements.count
        return switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(count - index)
        case "revindex0": .integer(count - index - 1)
        case "first": .truth(index == 0)
        case "last": .truth(index == count - 1)
        case "length": .integer(count)
        case "depth": .integer(1)
        case "depth0": .integer(0)
        case "previtem": index > 0 ? series.elements[index - 1] : .undefined("`loop.previtem`")
        case "nextitem":
            index + 1 < count ? series.elements[index + 1] : .undefined("`loop.nextitem`")
        default: nil
        }
    }
}
