import Foundation

/// Hands out the code that each edit shall be routed to: random, the same for the same label,
/// different for different labels (ELDER "Guided Loss").
///
/// Its random state is part of the value, so a saved allocator goes on exactly where it stopped.
public struct CodeAllocator: Sendable, Equatable {
    /// Number of adapted layers, L.
    public let layers: Int
    /// Number of experts in each layer, E.
    public let experts: Int
    /// Number of experts chosen in each layer, k.
    public let active: Int

    private var table: [String: RouteCode] = [:]
    private var taken: Set<RouteCode> = []
    private var generator: SplitMix64

    /// Draws that may hit a taken code before the table counts as full. A table that is nine
    /// tenths full needs ten draws, one that is 99 % full a hundred.
    private static let patience = 1_000

    /// An allocator for `layers` layers that choose `active` of `experts`.
    public init(layers: Int, experts: Int, active: Int, seed: UInt64) {
        precondition(
            layers > 0 && 1...max(experts, 1) ~= active,
            "\(active) of \(experts) experts in \(layers) layers make no code")
        self.layers = layers
        self.experts = experts
        self.active = active
        generator = SplitMix64(seed: seed)
    }

    /// Number of labels that hold a code.
    public var count: Int { table.count }

    /// How many different codes there are: E over k, to the power L. 46,656 in the paper.
    public var capacity: Double {
        let perLayer = (0..<active).reduce(1.0) { $0 * Double(experts - $1) / Double($1 + 1) }
        return pow(perLayer.rounded(), Double(layers))
    }

    /// The code that `label` already holds, trimmed as `reserve` trims it.
    public func code(of label: String) -> RouteCode? { table[Self.canonical(label)] }

    /// The code of `label`: the one it holds, or a new random one that no other label holds.
    ///
    /// - Throws: `EditError` where a thousand draws found no free code. Nothing has changed then.
    public mutating func reserve(_ label: String) throws -> RouteCode {
        let label = Self.canonical(label)
        if let code = table[label] { return code }
        var generator = self.generator
        for _ in 0..<Self.patience {
            let chosen = (0..<layers).map { _ in generator.subset(of: experts, count: active) }
            let code = RouteCode(chosen: chosen, experts: experts)
            guard taken.insert(code).inserted else { continue }
            table[label] = code
            self.generator = generator
            return code
        }
        throw EditError(
            "No free route code was found in \(Self.patience) draws: \(count) labels hold nearly "
                + "all of the \(String(format: "%.0f", capacity)) codes of \(active) of "
                + "\(experts) experts in \(layers) layers; edit with more experts or layers.")
    }

    private static func canonical(_ label: String) -> String {
        label.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension CodeAllocator: Codable {
    private enum CodingKeys: String, CodingKey {
        case layers, experts, active, codes, generator
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let layers = try values.decode(Int.self, forKey: .layers)
        let experts = try values.decode(Int.self, forKey: .experts)
        self.layers = layers
        self.experts = experts
        active = try values.decode(Int.self, forKey: .active)
        generator = try values.decode(SplitMix64.self, forKey: .generator)
        table = try values.decode([String: String].self, forKey: .codes)
            .mapValues { try RouteCode(hex: $0, layers: layers, experts: experts) }
        taken = Set(table.values)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(layers, forKey: .layers)
        try values.encode(experts, forKey: .experts)
        try values.encode(active, forKey: .active)
        try values.encode(table.mapValues(\.hex), forKey: .codes)
        try values.encode(generator, forKey: .generator)
    }
}
