import Edits
package import LanguageModels
package import Torch

// Sizes: B rows, L adapted layers, E experts a layer, r rank, in and out widths of a map.

/// What a decided route adds to one linear map: x ↦ x · A · B.
package struct LowRankChange {
    package let site: Site
    package let a: Tensor  // [in, r]
    package let b: Tensor  // [r, out]
}

/// A route as the one LoRA that it comes to once it is decided.
package struct LowRankRoute {
    /// What it goes through, in words; the same LoRA has the same name.
    package let name: String
    package let changes: [LowRankChange]
    /// What x · A · B is multiplied with, in every map.
    package let scale: Double

    /// The route as a change to the model, for any prompt.
    package var adaptation: any Adaptation {
        LowRankAdaptation(
            sites: changes.map(\.site), maps: changes.map { LowRankMap(a: $0.a, b: $0.b) },
            scale: scale)
    }
}

/// An adaptation that is, for one row, a LoRA.
protocol LowRankAdapting: Adaptation {
    /// The LoRA that a row goes through; nil for none.
    func route(ofRow row: Int) throws -> LowRankRoute?
}

extension RoutedMixture: LowRankAdapting {
    /// Σ_e w_e · (x · A_e) · B_e is one product with the chosen A beside each other and the chosen
    /// w · B below each other.
    func route(ofRow row: Int) throws -> LowRankRoute? {
        if let scope, try !scope.bools()[row] { return nil }
        let weights = try weights.at(dim: 0, index: row)  // [L, E]
        let chosen = try layers.indices.map { layer in
            try weights.at(dim: 0, index: layer).floats().enumerated()
                .filter { $0.element != 0 }.map { (expert: $0.offset, weight: Double($0.element)) }
        }
        // A PEFT adapter has one rank: a layer with fewer experts gets some that add nothing.
        let most = chosen.map(\.count).max() ?? 0
        let changes = try sites.indices.map { layer in
            let padded = chosen[layer] + (chosen[layer].count..<most).map { _ in (0, 0) }
            return LowRankChange(
                site: sites[layer],
                a: try .concatenated(
                    padded.map { try layers[layer].a.at(dim: 0, index: $0.expert) }, dim: 1),
                b: try .concatenated(
                    padded.map { try layers[layer].b.at(dim: 0, index: $0.expert) * $0.weight },
                    dim: 0))
        }
        let name = chosen.map { layer in
            layer.map { "\($0.expert)·\($0.weight)" }.joined(separator: "+")
        }.joined(separator: " ")
        return LowRankRoute(name: "experts \(name)", changes: changes, scale: 1)
    }
}

extension BlockRoutes: LowRankAdapting {
    func route(ofRow row: Int) throws -> LowRankRoute? {
        guard let block = rows[row] else { return nil }
        let (a, b) = (bank.blocks[block].a, bank.blocks[block].b)
        return LowRankRoute(
            name: "block \(block)",
            changes: sites.indices.map { LowRankChange(site: sites[$0], a: a[$0], b: b[$0]) },
            scale: bank.scale)
    }
}

extension LowRankAdaptation: LowRankAdapting {
    func route(ofRow row: Int) throws -> LowRankRoute? {
        LowRankRoute(
            name: "all",
            changes: zip(sites, maps).map { LowRankChange(site: $0, a: $1.a, b: $1.b) },
            scale: scale)
    }
}
