/// Values one after the other: a list, or what goes for one.
struct Series: Sendable {
    /// What it is in Python; all are gone through alike, and little else can be done with some.
    enum Kind: Sendable, Equatable {
        case list, tuple
        /// With what it prints as.
        case range(Text)
        /// `keys`, `values` or `items` of a mapping, with the name of its type.
        case view(Text)
        /// What filters such as `map` give. They go through their list when it is asked for, so
        /// a failure is kept until then.
        case iterator(failure: ChatTemplateError?)

        static let iterator = Kind.iterator(failure: nil)

        var name: String {
            switch self {
            case .list: "a list"
            case .tuple: "a tuple"
            case .range: "a range"
            case .view: "the view of a mapping"
            case .iterator: "an iterator"
            }
        }
    }

    let kind: Kind
    let elements: [Value]
    let extent: Extent

    init(_ kind: Kind, _ elements: [Value]) {
        self.kind = kind
        self.elements = elements
        extent = Extent(around: elements)
    }

    var isIterator: Bool { if case .iterator = kind { true } else { false } }

    /// Whether elements can be picked by their place.
    var isIndexed: Bool {
        switch kind {
        case .list, .tuple, .range: true
        case .view, .iterator: false
        }
    }
}

/// Keys and their values, in the order in which the keys came.
struct Mapping: Sendable {
    private(set) var entries: [(key: Value, value: Value)] = []
    private var places: [Value: Int] = [:]
    let extent: Extent

    /// A key that comes again takes the new value at its old place.
    init(_ pairs: [(key: Value, value: Value)]) {
        extent = Extent(around: pairs.flatMap { [$0.key, $0.value] })
        for (key, value) in pairs {
            if let place = places[key] {
                entries[place].value = value
            } else {
                places[key] = entries.count
                entries.append((key, value))
            }
        }
    }

    subscript(key: Value) -> Value? { places[key].map { entries[$0].value } }

    subscript(name: String) -> Value? { self[.text(Text(name))] }
}

/// How much there is in a value. Parts that are shared count each time: printing or comparing the
/// value goes through them each time.
struct Extent: Sendable {
    /// Characters and values.
    var size = 1
    /// Values inside values, at the deepest place.
    var depth = 1

    init(size: Int = 1) { self.size = size }

    init(around values: [Value]) {
        for extent in values.lazy.map(\.extent) {
            // Parts are small enough that this does not overflow: see Meter.
            size += extent.size
            depth = max(depth, extent.depth + 1)
        }
    }
}

extension Value {
    var extent: Extent {
        switch self {
        case .text(let text): Extent(size: 1 + text.count)
        case .series(let series): series.extent
        case .mapping(let mapping): mapping.extent
        case .method(_, let receiver): Extent(around: [receiver])
        case .loop(let turn): Extent(around: [.series(turn.series)])
        case .undefined, .none, .truth, .integer, .float, .namespace, .macro, .function: Extent()
        }
    }
}
