package import Edits
package import LanguageModels
import Torch

// Sizes: N target tokens, V vocabulary.

extension LoRA {
    /// There is nothing to do before the first edit.
    package mutating func prepare() throws {}

    package var rowsPerBatch: Int { config.batchSize }

    /// Learns the rows of `edits`, a few at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        let encoded = try rows.encoded(for: model, tokenizer)
        try rows.inBatches(
            of: rowsPerBatch, edits: edits.count, onProgress: onProgress
        ) { places in
            let losses = try teach(places.map { encoded[$0] })
            return (losses.count, losses.last)
        }
    }

    /// Whether every target token leads its row by the margin; looked at every few steps only.
    func isLearned(_ logits: Tensor, labels: Tensor, step: Int) throws -> Bool {
        guard let every = config.stopEvery, step > 0, step % every == 0 else { return false }
        return try logits.leads(at: labels, by: config.stopMargin)
    }

    /// The tensors that training changes: A and B of every map.
    var trained: [Tensor] { maps.flatMap { [$0.a, $0.b] } }

    /// The adapted maps, from the seam up.
    var sites: [Site] {
        (config.firstBlock..<config.firstBlock + config.layers).map {
            Site(block: $0, part: config.part)
        }
    }

    var adaptation: LowRankAdaptation {
        LowRankAdaptation(sites: sites, maps: maps, scale: config.alpha / Double(config.rank))
    }

    /// The frozen model ends at the first adapted map.
    package var seam: Site { sites[0] }

    /// Nothing decides, so nothing is looked at.
    package var taps: [Site] { [] }
}
