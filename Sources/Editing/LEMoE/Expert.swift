import Edits
import LanguageModels
import Torch

// Sizes: B rows, T tokens, d width of the residual stream, m inner width of an expert, k experts a
// row.

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

    /// How many numbers an expert has.
    static func parameters(width: Int, of model: ModelConfiguration) -> Int {
        shapes(width: width, of: model).reduce(0) { $0 + $1.1.reduce(1, *) }
    }
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

/// Experts beside one frozen MLP, with the routes of one batch fixed:
/// output = base + λ · Σ gate · expert(x), where x is what the MLP reads.
///
/// A row keeps its experts for every token of the prompt and after it.
struct ExpertBypass: JoiningAdaptation {
    let site: Site
    let experts: [Expert]
    /// The experts of each row, best first: k lists of B.
    let choices: [[Int]]
    /// How much each of them counts, λ already in it: float32 [B, k].
    let gates: Tensor
    /// Rows that go through experts at all, bool [B]; nil when all do.
    let scope: Tensor?

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        let x = try input.to(.float32)  // [B, T, d]
        var edited = base
        for (rank, choice) in choices.enumerated() {
            let gate = try gates.at(dim: 1, index: rank).reshaped([-1, 1, 1])
            let change = try experts.applied(to: x, choosing: choice) * gate
            edited = try edited + change.to(base.dtype)
        }
        // Deferred rows are selected, not multiplied by zero: they stay what they were, bit for bit.
        return try scope.map {
            try Tensor.choose(where: $0.reshaped([-1, 1, 1]), edited, else: base)
        } ?? edited
    }
}

extension ExpertBypass {
    var origin: ObjectIdentifier { ObjectIdentifier(experts.last!.maps["contraction"]!.weight) }

    static func joined(_ parts: [ExpertBypass]) throws -> ExpertBypass {
        let scopes = try parts.map { part in
            try part.scope ?? Tensor([true], shape: [1], device: part.gates.device)
        }
        return ExpertBypass(
            site: parts[0].site, experts: parts[0].experts,
            choices: parts[0].choices.indices.map { rank in parts.flatMap { $0.choices[rank] } },
            gates: try Tensor.concatenated(parts.map(\.gates), dim: 0),
            scope: parts.allSatisfy { $0.scope == nil }
                ? nil : try Tensor.concatenated(scopes, dim: 0))
    }
}
