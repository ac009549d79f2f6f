/// Which experts a prompt is routed to: one bit for each expert of each adapted layer, set where
/// the expert is among the k chosen (ELDER eq. 7).
///
/// Bit `layer * E + expert`, layers in model order, experts in index order. Exactly k bits are set
/// in every layer, so two codes of one shape differ in an even number of bits.
public struct RouteCode: Hashable, Sendable {
    /// The bits, 64 to a word, lowest first.
    public let words: [UInt64]
    /// Number of adapted layers, L.
    public let layers: Int
    /// Number of experts in each layer, E.
    public let experts: Int

    /// The code of `chosen`, the indices of the k experts picked in each layer. [L][k]
    ///
    /// Every layer must name the same number of different experts below `experts`.
    public init(chosen: [[Int]], experts: Int) {
        precondition(!chosen.isEmpty, "a route code needs at least one layer")
        var words = [UInt64](repeating: 0, count: Self.wordCount(chosen.count, experts))
        for (layer, picks) in chosen.enumerated() {
            precondition(
                picks.count == chosen[0].count && !picks.isEmpty,
                "layer \(layer) chose \(picks.count) experts, layer 0 \(chosen[0].count)")
            for expert in picks {
                precondition(
                    0..<experts ~= expert, "expert \(expert) is not one of the \(experts)")
                let bit = layer * experts + expert
                precondition(
                    words[bit / 64] >> (bit % 64) & 1 == 0,
                    "layer \(layer) chose expert \(expert) twice")
                words[bit / 64] |= 1 << UInt64(bit % 64)
            }
        }
        self.words = words
        self.layers = chosen.count
        self.experts = experts
    }

    /// Number of experts chosen in each layer, k.
    public var active: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } / layers }

    /// The experts chosen in each layer, ascending. [L][k]
    public var chosen: [[Int]] {
        (0..<layers).map { layer in (0..<experts).filter { contains($0, layer: layer) } }
    }

    /// Whether `expert` is among the k chosen in `layer`.
    public func contains(_ expert: Int, layer: Int) -> Bool {
        let bit = layer * experts + expert
        return words[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    /// Hamming distance: the number of bits in which the two codes differ.
    public func distance(to other: RouteCode) -> Int {
        precondition(
            layers == other.layers && experts == other.experts,
            "codes of \(layers) × \(experts) and \(other.layers) × \(other.experts) do not compare")
        return zip(words, other.words).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }

    static func wordCount(_ layers: Int, _ experts: Int) -> Int { (layers * experts + 63) / 64 }
}

// MARK: - Text

extension RouteCode: CustomStringConvertible {
    /// The code as one hexadecimal number, highest bit first, four bits to a digit.
    public var hex: String {
        let digits = (layers * experts + 3) / 4
        return String(
            (0..<digits).reversed().map { digit in
                let nibble = words[digit / 16] >> UInt64(digit % 16 * 4) & 0xF
                return Character(String(nibble, radix: 16))
            })
    }

    public var description: String { hex }

    /// Reads what `hex` wrote.
    ///
    /// - Throws: `EditError` where the digits are not a code of this shape.
    public init(hex: String, layers: Int, experts: Int) throws {
        let digits = layers > 0 && experts > 0 ? (layers * experts + 3) / 4 : 0
        let values = hex.compactMap(\.hexDigitValue)
        guard digits > 0, values.count == digits, hex.count == digits else {
            throw EditError(
                "A route code of \(layers) layers × \(experts) experts is \(digits) hexadecimal "
                    + "digits, not “\(hex)”; was it saved with other sizes?")
        }
        let nibbles = Array(values.reversed())
        let set = (0..<digits * 4).filter { nibbles[$0 / 4] >> ($0 % 4) & 1 == 1 }
        let chosen = (0..<layers).map { layer in
            set.filter { $0 / experts == layer }.map { $0 % experts }
        }
        let isEven = chosen.allSatisfy { $0.count == chosen[0].count && !$0.isEmpty }
        guard isEven, set.allSatisfy({ $0 < layers * experts }) else {
            throw EditError(
                "The route code “\(hex)” does not choose the same number of the \(experts) experts "
                    + "in each of \(layers) layers; the file it came from is damaged.")
        }
        self.init(chosen: chosen, experts: experts)
    }
}

extension RouteCode: Codable {
    private enum CodingKeys: String, CodingKey { case hex, layers, experts }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            hex: values.decode(String.self, forKey: .hex),
            layers: values.decode(Int.self, forKey: .layers),
            experts: values.decode(Int.self, forKey: .experts))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(hex, forKey: .hex)
        try values.encode(layers, forKey: .layers)
        try values.encode(experts, forKey: .experts)
    }
}
