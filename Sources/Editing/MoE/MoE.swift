package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: N tokens, E experts, k experts a token, d width of the residual stream.

/// The conventional mixture of experts beside one frozen MLP, in the form of MEMoE (arXiv
/// 2405.19086), as the LEMoE paper analyses it (section 3).
///
/// A linear router sends every *token* to an expert, and experts and router go on being trained with
/// every batch. That is what the paper blames: later edits overwrite earlier ones, and one prompt may
/// take another way when asked than when taught.
package struct MoE: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: MoEConfig
    var experts: [Expert]  // E of them
    /// [E, d].
    var router: Tensor
    /// Shuffles the rows of a batch.
    var random: SplitMix64
    /// Edits so far: before the first, nothing is changed.
    var learned = 0

    package var seam: Site { Site(block: config.block, part: .whole) }
    package var taps: [Site] { [] }

    package mutating func prepare() throws {}

    /// The stream in its order, cut into batches.
    package func plan(_ edits: [EditRecord]) throws -> [[Int]]? {
        Array(edits.indices).chunks(of: config.editsPerBatch)
    }

    /// Learns `edits` as one batch.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        guard !edits.isEmpty else { return }
        let rows = try edits.flatMap(\.rows).encoded(for: model, tokenizer)
        let losses = try teach(rows)
        learned += edits.count
        try onProgress(
            LearningProgress(
                edits: edits.count, totalEdits: edits.count, losses: losses))
    }

    /// Trains all experts and the router on one batch, and returns the loss of each step.
    mutating func teach(_ rows: [EncodedRow]) throws -> [Double] {
        // Tensors are shared between copies of this value: what is trained is a copy.
        var pupil = self
        pupil.experts = try experts.map { try $0.mapped { try $0.copy().requireGradient() } }
        pupil.router = try router.copy().requireGradient()
        let fit = BypassFit(
            model: model, site: seam, batchSize: config.batchSize, epochs: config.epochs,
            stopLoss: config.stopLoss, learningRate: config.learningRate,
            expertDecay: config.expertDecay, clipNorm: config.clipNorm)
        let bypass = pupil.bypass
        let losses = try fit(
            rows, experts: pupil.experts.flatMap { $0.tensors.map(\.tensor) },
            routing: [pupil.router], random: &random
        ) { _ in (bypass, nil) }
        experts = try pupil.experts.map { try $0.mapped { try $0.detached() } }
        router = try pupil.router.detached()
        return losses
    }

    /// Every prompt goes through the experts. The trace names the one that the token before the
    /// answer is sent to.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard learned > 0 else {
            return Decision(adaptation: nil, traces: prompts.map { _ in .unedited })
        }
        let routes = try withoutGradients {
            try prefix.input.last(of: prompts.map(\.count)).to(.float32)
                .linear(weight: router)  // [B, E]
                .topK(1, dim: 1).indices.ints()
        }
        return Decision(
            adaptation: bypass, traces: routes.map { .always(route: String($0, radix: 16)) })
    }

    /// The experts beside the MLP.
    var bypass: TokenBypass {
        TokenBypass(
            site: seam, experts: experts, router: router, active: config.active,
            scale: config.scale)
    }
}

/// Experts beside one frozen MLP, to which a router sends every token by itself:
/// output = base + λ · Σ_{i in top-k} softmax(W_r x)_i · expert_i(x).
///
/// Padding is routed like any token. Nothing comes of it but that its expert counts as used, and is
/// stepped by AdamW's momentum and decay where no other token chose it.
struct TokenBypass: JoiningAdaptation {
    let site: Site
    let experts: [Expert]
    let router: Tensor  // [E, d]
    let active: Int
    let scale: Double

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        let x = try input.to(.float32).reshaped([-1, input.size(-1)])  // [N, d]
        let gates = try x.linear(weight: router).softmax(dim: -1)  // [N, E]
        let index = try withoutGradients { try gates.topK(active, dim: 1).indices }  // [N, k]
        let kept = try gates.gathered(dim: 1, index: index) * scale  // [N, k]
        let chosen = try index.ints()
        var edited = base
        for rank in 0..<active {
            let choice = stride(from: rank, to: chosen.count, by: active).map { chosen[$0] }
            let gate = try kept.narrowed(dim: 1, start: rank, length: 1)  // [N, 1]
            let change = try experts.applied(to: x, choosing: choice) * gate
            edited = try edited + change.reshaped(base.shape).to(base.dtype)
        }
        return edited
    }
}

/// No row differs from another.
extension TokenBypass {
    var origin: ObjectIdentifier { ObjectIdentifier(router) }

    static func joined(_ parts: [TokenBypass]) throws -> TokenBypass { parts[0] }
}
