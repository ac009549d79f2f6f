package import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, D width, F width of the key, N target tokens of all rows.

/// Rank-one model editing (ROME, Meng et al., 2022, arXiv 2202.05262), and R-ROME (Gupta et al.,
/// 2024, arXiv 2403.07175), which differs in one switch.
///
/// The contraction of one block is taken for a memory: what enters it at the last token of a subject
/// is a key, what leaves it a value. An edit finds the value that makes the model say the target,
/// and writes it under that key with a change of rank one. The writes go into one matrix, which
/// every prompt passes; the base model's own is left alone.
package struct ROME: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: ROMEConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    /// Texts to stand before a prompt, sampled from the base model; nil before `prepare`.
    var contexts: [String]?
    /// C⁻¹ of the base model's keys; nil for the identity, and before `prepare`.
    var inverse: Tensor?
    /// Which covariance the edits so far were written with; nil for none.
    var covarianceDigest: String?
    /// The map as written so far; nil before the first edit.
    var map: RewrittenMap?
    /// The largest ‖ΔW‖ (Frobenius) of an edit so far: one disabling edit explains a collapse.
    package internal(set) var largestChange = 0.0

    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: ROMEConfig, seed: UInt64
    ) throws {
        try config.validate(for: model.configuration)
        self.model = model
        self.tokenizer = tokenizer
        self.config = config
        self.seed = seed
    }

    /// The written map; below it nothing changes, so one pass serves a whole edit.
    package var seam: Site { Site(block: config.layer, part: .contraction) }
    package var taps: [Site] { [] }

    /// Writes the prompt of each edit, and each taught rephrasing that names the subject, in order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        try prepare()
        // A fault of the last edit is found before the first is written.
        let rewrites = try edits.flatMap {
            try Rewrite.all(
                of: $0, contexts: contexts!, config: config, model: model, tokenizer: tokenizer)
        }
        var done = Set<String>()
        for rewrite in rewrites {
            let search = try write(rewrite)
            done.insert(rewrite.editID)
            try onProgress(
                LearningProgress(
                    edits: done.count, totalEdits: edits.count, steps: search.steps,
                    loss: search.losses.last ?? 0))
        }
    }

    /// Writes one fact, and returns how its value was found.
    mutating func write(_ rewrite: Rewrite) throws -> ValueSearch.Result {
        let rows = rewrite.rows + (rewrite.essence.map { [$0] } ?? [])
        let batch = try TokenBatch(rows.map(\.tokens), device: model.device)
        let prefix = try model.prefix(batch, upTo: seam)
        let map = try map ?? RewrittenMap(of: model, at: seam)
        let output = try withoutGradients { try map(prefix.input) }  // [B, T, D]

        let subjects = try rows.enumerated().map { row, subject in
            try prefix.input.at(dim: 0, index: row).at(dim: 0, index: subject.place)
                .to(.float32)  // [F]
        }
        let value = try output.at(dim: 0, index: 0).at(dim: 0, index: rows[0].place)  // [D]
        let found = try search(rewrite, in: prefix, output: output, value: value).run()

        try withoutGradients {
            let averaged = try Tensor.stacked(
                Array(subjects.prefix(rewrite.rows.count)), dim: 0
            ).mean(dim: 0)
            let direction = config.keys == .clean ? subjects[0] : averaged
            let key = config.keys == .averaged ? averaged : subjects[0]
            let change = try RankOneWrite(
                direction: direction, key: key, output: map(key), goal: found.goal,
                inverse: inverse)
            let size = try change.size()
            // A write that is no number would leave nothing but that of all later ones.
            guard size.isFinite else { return }
            largestChange = max(largestChange, size)
            self.map = RewrittenMap(
                site: seam, weight: try change.applied(to: map.weight), bias: map.bias)
        }
        return found
    }

    private func search(
        _ rewrite: Rewrite, in prefix: PrefixActivations, output: Tensor, value: Tensor
    ) throws -> ValueSearch {
        let width = prefix.width
        var places = rewrite.rows.enumerated().flatMap { index, row in
            row.target.indices.map { index * width + row.prompt.count - 1 + $0 }
        }
        let labels = rewrite.rows.flatMap(\.target)
        if let essence = rewrite.essence {
            places.append(rewrite.rows.count * width + essence.place)
        }
        let rows = rewrite.rows + (rewrite.essence.map { [$0] } ?? [])
        let mask: [Float] = rows.flatMap { row in (0..<width).map { $0 == row.place ? 1 : 0 } }
        let device = model.device
        return ValueSearch(
            config: config, model: model, prefix: prefix, output: output,
            mask: try Tensor(mask, shape: [rows.count, width, 1], device: device), value: value,
            positions: try Tensor(places, shape: [places.count], device: device),
            labels: try Tensor(labels, shape: [labels.count], device: device),
            hasEssence: rewrite.essence != nil)
    }

    /// The written map answers every prompt.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        Decision(
            adaptation: map,
            traces: prompts.map { _ in map == nil ? .unedited : .always() })
    }
}

/// The contraction of one block with another weight, in float32 whatever the model computes in.
struct RewrittenMap: JoiningAdaptation {
    let site: Site
    let weight: Tensor  // [out, in]
    /// [out], where the map has one; edits leave it alone.
    let bias: Tensor?

    func callAsFunction(_ input: Tensor) throws -> Tensor {
        try input.to(.float32).linear(weight: weight, bias: bias)
    }

    func adapts(_ site: Site) -> Bool { site == self.site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        try self(input).to(base.dtype)
    }
}

extension RewrittenMap {
    /// The base model's own map.
    init(of model: CausalModel, at site: Site) throws {
        let map = try model.linearMap(at: site)
        self.init(
            site: site, weight: try map.weight.to(.float32).contiguous(),
            bias: try map.bias?.to(.float32))
    }
}

/// No row differs from another.
extension RewrittenMap {
    var origin: ObjectIdentifier { ObjectIdentifier(weight) }

    static func joined(_ parts: [RewrittenMap]) throws -> RewrittenMap { parts[0] }
}
