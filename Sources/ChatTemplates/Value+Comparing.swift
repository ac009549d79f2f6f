/// Python's `==`: a truth is a number, and numbers are equal whether whole or not.
extension Value: Hashable {
    static func == (left: Value, right: Value) -> Bool {
        if let left = left.integer, let right = right.integer { return left == right }
        if let left = left.number, let right = right.number { return left == right }
        return switch (left, right) {
        case (.undefined, .undefined), (.none, .none): true
        case (.text(let left), .text(let right)): left == right
        case (.series(let left), .series(let right)): left.equals(right)
        case (.mapping(let left), .mapping(let right)): left.equals(right)
        case (.namespace(let left), .namespace(let right)): left == right
        case (.macro(let left), .macro(let right)): left == right
        case (.function(let left), .function(let right)): left == right
        default: false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .truth, .integer, .float: hasher.combine(number)
        case .text(let text): hasher.combine(text)
        case .series(let series): hasher.combine(series.elements)
        case .namespace(let number), .macro(let number): hasher.combine(number)
        // The others are few.
        case .undefined, .none, .mapping, .function, .method, .loop: break
        }
    }

    /// Whether it can be a key of a mapping: lists and mappings cannot, and nor can the number that
    /// is not equal to itself.
    var isKey: Bool {
        switch self {
        case .series(let series) where series.kind == .tuple: series.elements.allSatisfy(\.isKey)
        case .mapping, .series: false
        case .float(let float): !float.isNaN
        default: true
        }
    }

    /// Whether this comes before `other`.
    func precedes(_ other: Value) throws -> Bool {
        if let left = integer, let right = other.integer { return left < right }
        if let left = number, let right = other.number { return left < right }
        switch (self, other) {
        case (.text(let left), .text(let right)): return left < right
        case (.series(let left), .series(let right))
        where left.kind == right.kind && [.list, .tuple].contains(left.kind):
            guard let (left, right) = zip(left.elements, right.elements).first(where: !=) else {
                return left.elements.count < right.elements.count
            }
            return try left.precedes(right)
        default:
            throw ChatTemplateError(
                "expected two numbers, two strings or two lists to put in order, got \(kind) and "
                    + "\(other.kind).")
        }
    }
}

extension Series {
    fileprivate func equals(_ other: Series) -> Bool {
        switch (kind, other.kind) {
        case (.list, .list), (.tuple, .tuple), (.range, .range): elements == other.elements
        default: false
        }
    }
}

extension Mapping {
    fileprivate func equals(_ other: Mapping) -> Bool {
        entries.count == other.entries.count
            && entries.allSatisfy { key, value in other[key] == value }
    }
}
