package import Edits
package import LanguageModels
import Torch

// Sizes: N target tokens, V vocabulary.

extension LoRA {
    /// There is nothing to do before the first edit.
    package mutating func prepare() throws {}

    /// Learns the rows of `edits`, a few at a time, in their order.
    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {
        let rows = edits.flatMap(\.rows)
        // A fault of the last edit is found before the first is learned.
        for row in rows {
            _ = try EncodedRow(row, tokenizer: tokenizer, configuration: model.configuration)
        }
        var done = Set<String>()
        for new in rows.chunks(of: config.batchSize) {
            let losses = try teach(new)
            done.formUnion(new.map(\.editID))
            try onProgress(
                LearningProgress(
                    edits: done.count, totalEdits: edits.count, steps: losses.count,
                    loss: losses.last ?? 0))
        }
    }

    /// Whether every target token leads its row by the margin; looked at every few steps only.
    func isLearned(_ logits: Tensor, labels: Tensor, step: Int) throws -> Bool {
        guard let every = config.stopEvery, step > 0, step % every == 0 else { return false }
        return try withoutGradients {
            let index = try labels.unsqueezed(-1)
            let wanted = try logits.gathered(dim: -1, index: index).squeezed(-1)  // [N]
            let others = try logits.scattered(
                dim: -1, index: index,
                source: .full(index.shape, value: -.infinity, device: logits.device))
            let lead = try wanted - others.max(dim: -1).values  // [N]
            return try lead.floats().allSatisfy { $0 > Float(config.stopMargin) }
        }
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
