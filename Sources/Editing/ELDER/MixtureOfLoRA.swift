import Edits
import LanguageModels
import Torch

// Sizes: B rows, T tokens, L adapted layers, E experts a layer, r rank.

/// The LoRAs of one adapted layer, all experts together.
struct LoRALayer {
    let a: Tensor  // [E, in, r]
    let b: Tensor  // [E, r, out]

    /// Σ_e w_e · (x · A_e) · B_e for every token (ELDER eq. 2–4): [B, T, out].
    ///
    /// All experts run as two products, with the weights between them: an expert that was not
    /// chosen has weight zero and adds exactly nothing.
    ///
    /// - Parameter input: [B, T, in], float32.
    /// - Parameter weights: [B, E], the scale α/r already in them.
    func mixed(_ input: Tensor, weights: Tensor) throws -> Tensor {
        let (experts, width, rank) = (a.size(0), a.size(1), a.size(2))
        let down = try a.permuted([1, 0, 2]).reshaped([width, experts * rank])
        let low = try input.affine(weight: down).reshaped(
            [input.size(0), input.size(1), experts, rank])  // [B, T, E, r]
        let weighted = try low * weights.reshaped([-1, 1, experts, 1])
        return try weighted.reshaped([input.size(0), input.size(1), experts * rank])
            .affine(weight: b.reshaped([experts * rank, -1]))
    }
}

/// A mixture of LoRAs with the routes of one batch fixed: what the suffix of the model takes.
///
/// The routes were decided from the prompt and hold for every later token of the row, in training
/// as in generation: they are latched by being a value.
struct RoutedMixture: JoiningAdaptation {
    let sites: [Site]
    let layers: [LoRALayer]
    /// [B, L, E], the scale α/r already in them.
    let weights: Tensor
    /// Rows that an edit covers, bool [B]; nil when all are.
    let scope: Tensor?

    func adapts(_ site: Site) -> Bool { sites.contains(site) }

    func output(
        at site: Site, input: Tensor, base: Tensor, start: Int
    ) throws -> Tensor {
        guard let layer = sites.firstIndex(of: site) else { return base }
        let change = try layers[layer].mixed(
            input.to(.float32), weights: weights.at(dim: 1, index: layer))
        let edited = try base + change.to(base.dtype)
        // Deferred rows are selected, not multiplied by zero: they stay what they were, bit for bit.
        return try scope.map {
            try Tensor.choose(where: $0.reshaped([-1, 1, 1]), edited, else: base)
        } ?? edited
    }
}

extension RoutedMixture {
    var origin: ObjectIdentifier { ObjectIdentifier(layers[0].a) }

    static func joined(_ parts: [RoutedMixture]) throws -> RoutedMixture {
        try RoutedMixture(
            sites: parts[0].sites, layers: parts[0].layers,
            weights: .concatenated(parts.map(\.weights), dim: 0),
            scope: joinedScopes(parts.map(\.scope), device: parts[0].weights.device))
    }
}
