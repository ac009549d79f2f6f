import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary, d width of the queries.

/// Lifelong editing with blocks of LoRA, looked up by neuron-indexed clusters (MELO, Yu et al.,
/// 2023, arXiv 2312.11795).
///
/// Each batch of edits trains a block of its own: a tiny LoRA on a few maps. What one map below
/// gives at an edit's prompt is its key in a database of clusters; a prompt whose query lies in a
/// cluster goes through the block of the nearest point there, any other through none.
package struct MELO: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: MELOConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    var bank: LoRABank
    var database: VectorDatabase
    /// The radius of a new cluster; nil until it is known.
    var radius: Double?
    /// Draws what blocks start from.
    var random: SplitMix64

    /// Teaches rows together and returns the loss of each step.
    mutating func teach(_ rows: [EncodedRow], ids: [String]) throws -> [Double] {
        try teach(rows, ids: ids, from: freshBlock())
    }

    /// - Parameter start: what the new block starts from.
    mutating func teach(
        _ rows: [EncodedRow], ids: [String], from start: LoRABlock
    ) throws -> [Double] {
        let batch = try EditBatch(rows, device: model.device)
        // Below the first LoRA nothing changes, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam, taps: taps)
        var bank = bank
        bank.blocks.append(start)
        let block = bank.blocks.count - 1
        let routes = BlockRoutes(
            sites: config.sites, bank: bank, rows: rows.map { _ in block }, reader: nil)

        // Other blocks would get no gradient and, with fresh moments, no step.
        var optimizer = Adam(parameters: start.tensors, learningRate: config.learningRate)
        var losses: [Double] = []
        for step in 0..<config.steps {
            let hidden = try model.suffix(prefix, adaptation: routes, at: batch.positions)
            let loss = try Tensor.crossEntropy(model.logits(hidden), labels: batch.labels)
            try loss.backward()
            optimizer.learningRate = config.learningRate(atStep: step)
            try optimizer.step()
            losses.append(try loss.item())
        }
        bank.blocks[block] = try start.detached()
        let keys = try keys(of: rows, batch: batch, prefix: prefix)  // [B, d]
        try database.insert(
            rows.indices.map {
                VectorDatabase.Row(
                    key: try keys.at(dim: 0, index: $0).copy(), label: rows[$0].target,
                    editID: ids[$0])
            }, block: block, rules: rules())
        self.bank = bank
        return losses
    }

    /// Decides from the prompts alone which block each of them goes through.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        let hits = try database.hits(queries(prefix, prompts: prompts))
        let traces = hits.map {
            RouteTrace($0.scope, nearestEdit: $0.editID, threshold: 1, gate: .radius)
        }
        let isLeftAlone = hits.allSatisfy { $0.block == nil }
        if isLeftAlone && (config.routesOnce || database.clusters.isEmpty) {
            return Decision(adaptation: nil, traces: traces)
        }
        let reader =
            config.routesOnce ? nil : QueryReader(site: config.querySite, database: database)
        let routes = BlockRoutes(
            sites: config.sites, bank: bank, rows: hits.map(\.block), reader: reader)
        return Decision(adaptation: routes, traces: traces)
    }
}
