import Edits
import LanguageModels
import Torch

// Sizes: B rows, T tokens, L adapted layers, E experts a layer, d width of a query.

/// A mixture of LoRAs in which every router reads its own map's input at the prompt's last token
/// (ELDER figure 1), rather than one query below them all.
///
/// That input depends on the adapted layers below, so the routes are found inside the forward pass:
/// one value of this class serves one pass, and knows the routes after it.
final class LayerwiseRouting: Adaptation {
    private let sites: [Site]
    private let layers: [LoRALayer]
    private let router: Router
    private let active: Int
    private let promptLengths: [Int]
    /// What the mixture weighs the experts of one layer with, [B, 1, E], given its routes; the scale
    /// α/r already in it.
    private let weights: (_ routes: Routes, _ layer: Int) throws -> Tensor
    /// The routers' outputs so far, [B, E] each, from the lowest layer up.
    private var logits: [Tensor] = []

    init(
        sites: [Site], layers: [LoRALayer], router: Router, active: Int, promptLengths: [Int],
        weights: @escaping (_ routes: Routes, _ layer: Int) throws -> Tensor
    ) {
        self.sites = sites
        self.layers = layers
        self.router = router
        self.active = active
        self.promptLengths = promptLengths
        self.weights = weights
    }

    func adapts(_ site: Site) -> Bool { sites.contains(site) }

    func output(
        at site: Site, input: Tensor, base: Tensor, start: Int
    ) throws -> Tensor {
        guard let layer = sites.firstIndex(of: site) else { return base }
        // As with the shared query, no gradient flows through it.
        let query = try input.last(of: promptLengths).detached().to(.float32)  // [B, d]
        let own = try router.layer(layer).routes(query, active: active)
        logits.append(try own.logits.squeezed(1))
        let change = try layers[layer].mixed(
            input.to(.float32), weights: weights(own, layer).squeezed(1))
        return try base + change.to(base.dtype)
    }

    /// What the pass found, for all layers: to be asked when it has ended.
    func routes() throws -> Routes {
        try Routes(logits: Tensor.stacked(logits, dim: 1), active: active)
    }
}

extension ELDER {
    /// One pass with routes of its own in every layer.
    ///
    /// - Parameter assigned: the pre-assigned experts while training, one-hot [B, L, E].
    func layerwise(_ promptLengths: [Int], assigned: Tensor? = nil) -> LayerwiseRouting {
        LayerwiseRouting(
            sites: sites, layers: layers, router: router, active: config.active,
            promptLengths: promptLengths
        ) { routes, layer in
            let assigned = try assigned?.narrowed(dim: 1, start: layer, length: 1)
            return try trainingWeights(routes, assigned: assigned)
                * (config.alpha / Double(config.rank))
        }
    }

    /// Where the routers send each prompt. With queries of their own the prompt goes through the
    /// adapted model once to find out; what is decided then holds for all that follows.
    func routes(
        _ prefix: PrefixActivations, query: Tensor, promptLengths: [Int]
    ) throws -> Routes {
        switch config.query {
        case .shared: return try router.routes(query, active: config.active)
        case .perLayer:
            let routing = layerwise(promptLengths)
            _ = try model.suffix(prefix, adaptation: routing)
            return try routing.routes()
        }
    }
}
