/// The codes of everything learned so far, and the question whether a prompt is near one of them.
///
/// One flat array of words, so that a look-up among 100,000 codes is a single pass over memory.
public struct DeferralIndex: Sendable, Equatable {
    /// Number of stored codes.
    public private(set) var count = 0
    private var words: [UInt64] = []
    private var shape: Shape?

    private struct Shape: Codable, Sendable, Equatable {
        let layers: Int
        let experts: Int
        var wordCount: Int { RouteCode.wordCount(layers, experts) }
    }

    /// An index of `codes`, in their order.
    public init(_ codes: [RouteCode] = []) { insert(codes) }

    /// Whether nothing is stored.
    public var isEmpty: Bool { count == 0 }

    /// The code at `index`, in order of insertion.
    public subscript(index: Int) -> RouteCode {
        guard let shape, 0..<count ~= index else {
            preconditionFailure("code \(index) was asked of \(count)")
        }
        let bits = words[index * shape.wordCount..<(index + 1) * shape.wordCount]
        return RouteCode(words: Array(bits), layers: shape.layers, experts: shape.experts)
    }

    /// All codes, in order of insertion.
    public var codes: [RouteCode] { (0..<count).map { self[$0] } }

    /// How many different codes are stored.
    public var distinctCount: Int { Set(codes).count }

    /// Stores `codes` after the others. All codes of an index have one shape.
    public mutating func insert(_ codes: [RouteCode]) {
        for code in codes {
            let shape = Shape(layers: code.layers, experts: code.experts)
            precondition(self.shape ?? shape == shape, "an index holds codes of one shape only")
            self.shape = shape
            words.append(contentsOf: code.words)
            count += 1
        }
    }

    /// The stored code nearest to `code` and its Hamming distance; the earliest of equals, and
    /// nothing where nothing is stored.
    public func nearest(to code: RouteCode) -> (index: Int, distance: Int)? {
        guard let shape, count > 0 else { return nil }
        precondition(
            shape == Shape(layers: code.layers, experts: code.experts),
            "the index holds codes of another shape")
        return words.withUnsafeBufferPointer { stored in
            code.words.withUnsafeBufferPointer { wanted in
                Self.nearest(among: stored, to: wanted, width: shape.wordCount)
            }
        }
    }

    /// Whether `code` is strictly nearer than `threshold` to some stored code.
    public func scope(of code: RouteCode, threshold: Int) -> Scope {
        let match = nearest(to: code).map { Match(index: $0.index, distance: Double($0.distance)) }
        return Scope(match, threshold: Double(threshold))
    }

    private static func nearest(
        among stored: UnsafeBufferPointer<UInt64>, to wanted: UnsafeBufferPointer<UInt64>,
        width: Int
    ) -> (index: Int, distance: Int) {
        var best = (index: 0, distance: Int.max)
        var place = 0
        for index in 0..<stored.count / width {
            var distance = 0
            for word in 0..<width {
                distance &+= (stored[place &+ word] ^ wanted[word]).nonzeroBitCount
            }
            place &+= width
            if distance < best.distance { best = (index, distance) }
            if distance == 0 { break }
        }
        return best
    }
}

extension RouteCode {
    /// The code with these bits, which came out of a code of this shape.
    init(words: [UInt64], layers: Int, experts: Int) {
        self.words = words
        self.layers = layers
        self.experts = experts
    }
}

extension DeferralIndex: Codable {
    private enum CodingKeys: String, CodingKey { case layers, experts, codes }

    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let texts = try values.decode([String].self, forKey: .codes)
        guard !texts.isEmpty else { return }
        let layers = try values.decode(Int.self, forKey: .layers)
        let experts = try values.decode(Int.self, forKey: .experts)
        insert(try texts.map { try RouteCode(hex: $0, layers: layers, experts: experts) })
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(shape?.layers, forKey: .layers)
        try values.encodeIfPresent(shape?.experts, forKey: .experts)
        try values.encode(codes.map(\.hex), forKey: .codes)
    }
}
