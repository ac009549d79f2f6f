import LanguageModels
import Torch

// Sizes: B rows, T tokens, L adapted maps, ρ rank, in and out widths of a map.

/// One block of the bank: a small LoRA for each adapted map.
struct LoRABlock {
    let a: [Tensor]  // L of [in, ρ]
    let b: [Tensor]  // L of [ρ, out]

    var tensors: [Tensor] { a + b }

    /// The same numbers as constants.
    func detached() throws -> LoRABlock {
        LoRABlock(a: try a.map { try $0.detached() }, b: try b.map { try $0.detached() })
    }
}

/// All blocks there are; one more for every batch of edits.
struct LoRABank {
    var blocks: [LoRABlock] = []
    /// What products are multiplied with: the release scales A and B by √num_block each.
    let scale: Double

    /// base + scale · x A_b B_b for each row with a block b, and just base for one without.
    ///
    /// - Parameters:
    ///   - layer: which of the adapted maps.
    ///   - rows: the block of each row; nil: none.
    func output(
        layer: Int, input: Tensor, base: Tensor, rows: [Int?]
    ) throws -> Tensor {
        guard rows.contains(where: { $0 != nil }) else { return base }
        let chosen = rows.map { blocks[$0 ?? 0] }
        let a = try Tensor.stacked(chosen.map { $0.a[layer] }, dim: 0)  // [B, in, ρ]
        let b = try Tensor.stacked(chosen.map { $0.b[layer] }, dim: 0)  // [B, ρ, out]
        let change = try input.to(.float32).matmul(a).matmul(b) * scale  // [B, T, out]
        let edited = try base + change.to(base.dtype)
        guard rows.contains(where: { $0 == nil }) else { return edited }
        // Rows without a block are selected: they stay the unedited model's, bit for bit.
        let isEdited = try Tensor(
            rows.map { $0 != nil }, shape: [rows.count, 1, 1], device: base.device)
        return try Tensor.choose(where: isEdited, edited, else: base)
    }
}

/// The bank at its places in the model, with the blocks of one batch.
struct BlockRoutes: Adaptation {
    let sites: [Site]
    let bank: LoRABank
    /// The block that the prompt of each row chose; nil: none.
    let rows: [Int?]
    /// What chooses anew at each generated token; nil where the prompt's choice holds.
    let reader: QueryReader?

    func adapts(_ site: Site) -> Bool { sites.contains(site) || reader?.site == site }

    func output(at site: Site, input: Tensor, base: Tensor, start: Int) throws -> Tensor {
        if let reader, reader.site == site {
            if start > 0 { try reader.read(base) }
            return base
        }
        guard let layer = sites.firstIndex(of: site) else { return base }
        let rows = start == 0 ? self.rows : reader?.latest ?? self.rows
        return try bank.output(layer: layer, input: input, base: base, rows: rows)
    }
}

/// Looks up each generated token by itself and keeps what it found for the maps above, as the
/// released query layer does: the choice is one list, written in passing and read further up.
final class QueryReader {
    let site: Site
    private let database: VectorDatabase
    /// The block of each row at the token that runs.
    private(set) var latest: [Int?]?

    init(site: Site, database: VectorDatabase) {
        self.site = site
        self.database = database
    }

    /// - Parameter output: what the query map gives, [B, T, out]; its last column asks.
    func read(_ output: Tensor) throws {
        let query = try output.at(dim: 1, index: output.size(1) - 1).to(.float32)
        latest = try database.hits(query).map(\.block)
    }
}
