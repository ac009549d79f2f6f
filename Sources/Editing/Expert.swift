import Edits
import LanguageModels
import Torch

// Sizes: d width of the residual stream, m inner width of an expert.

/// An MLP of the host's own kind, with biases where the host has them.
///
/// GPT-2: contraction(gelu(expansion(x))). LLaMA: contraction(silu(gate(x)) · expansion(x)).
struct Expert {
    /// The maps by name; `gate` only where the host is gated.
    let maps: [String: Map]
    let activation: Activation

    /// One linear map.
    struct Map {
        let weight: Tensor  // [out, in]
        let bias: Tensor?  // [out]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try x.linear(weight: weight, bias: bias)
        }
    }

    /// [..., d] to [..., d], float32.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let wide = try maps["expansion"]!(x)  // [..., m]
        guard let gate = maps["gate"] else { return try maps["contraction"]!(activated(wide)) }
        return try maps["contraction"]!(activated(gate(x)) * wide)
    }

    private func activated(_ x: Tensor) throws -> Tensor {
        switch activation {
        case .gelu: try x.gelu()
        case .geluTanh: try x.geluTanh()
        case .relu: try x.relu()
        case .silu: try x.silu()
        }
    }

    /// Every tensor under its name, in one order: `expansion.weight`.
    var tensors: [(name: String, tensor: Tensor)] {
        Self.names.flatMap { name in
            guard let map = maps[name] else { return [(name: String, tensor: Tensor)]() }
            let bias = map.bias.map { [("\(name).bias", $0)] } ?? []
            return [("\(name).weight", map.weight)] + bias
        }
    }

    private static let names = ["gate", "expansion", "contraction"]
}

extension Expert {
    /// An expert that adds nothing yet: its last map is zero.
    init(
        width: Int, model: CausalModel, deviation: Double, random: inout SplitMix64
    ) throws {
        var drawn: [String: Tensor] = [:]
        for (name, shape) in Self.shapes(width: width, of: model.configuration) {
            let isZero = name.hasPrefix("contraction") || name.hasSuffix("bias")
            drawn[name] =
                isZero
                ? try Tensor.zeros(shape, device: model.device)
                : try Tensor.normal(
                    shape, deviation: deviation, seed: random.next(), device: model.device)
        }
        try self.init(width: width, of: model.configuration) { drawn[$0]! }
    }

    /// The same expert, with the second half of its inner units the first half's negatives.
    ///
    /// Of a unit and its negative one always lets its input through, so no draw is unlucky.
    func mirrored() throws -> Expert {
        var mirrored = maps
        for (name, map) in maps where name != "contraction" {
            let width = map.weight.size(0)
            let first = try map.weight.narrowed(dim: 0, start: 0, length: (width + 1) / 2)
            let second = try first.narrowed(dim: 0, start: 0, length: width / 2).negated()
            mirrored[name] = Map(
                weight: try .concatenated([first, second], dim: 0), bias: map.bias)
        }
        return Expert(maps: mirrored, activation: activation)
    }

    /// Puts an expert together from whatever `source` gives for each of its tensors.
    init(
        width: Int, of model: ModelConfiguration, source: (String) throws -> Tensor
    ) throws {
        var maps: [String: Map] = [:]
        for name in Self.names where name != "gate" || model.family == .llama {
            maps[name] = Map(
                weight: try source("\(name).weight"),
                bias: model.hasFeedForwardBias ? try source("\(name).bias") : nil)
        }
        self.init(maps: maps, activation: model.activation)
    }

    /// The names and shapes of an expert's tensors, in the order in which they are drawn.
    static func shapes(width m: Int, of model: ModelConfiguration) -> [(String, [Int])] {
        let d = model.width
        let gate = model.family == .llama ? [("gate", m, d)] : []
        return (gate + [("expansion", m, d), ("contraction", d, m)]).flatMap { name, out, inner in
            [("\(name).weight", [out, inner])]
                + (model.hasFeedForwardBias ? [("\(name).bias", [out])] : [])
        }
    }

    /// The same expert, after `change` of each tensor.
    func mapped(_ change: (Tensor) throws -> Tensor) rethrows -> Expert {
        Expert(
            maps: try maps.mapValues {
                Map(weight: try change($0.weight), bias: try $0.bias.map(change))
            }, activation: activation)
    }

    /// How many numbers it has.
    var parameterCount: Int { tensors.reduce(0) { $0 + $1.tensor.count } }
}

extension [Expert] {
    /// Sends entry i of the first dimension through expert `choice[i]`, each expert once.
    func applied(to x: Tensor, choosing choice: [Int]) throws -> Tensor {
        let groups = Dictionary(grouping: choice.indices) { choice[$0] }.sorted { $0.key < $1.key }
        if let only = groups.first, groups.count == 1 { return try self[only.key](x) }
        func index(_ places: [Int]) throws -> Tensor {
            try Tensor(places, shape: [places.count], device: x.device)
        }
        let parts = try groups.map { expert, places in
            try self[expert](x.selected(dim: 0, index: index(places)))
        }
        // Back into the order in which the entries came.
        var position = choice
        for (place, entry) in groups.flatMap(\.value).enumerated() { position[entry] = place }
        return try Tensor.concatenated(parts, dim: 0).selected(dim: 0, index: index(position))
    }
}
