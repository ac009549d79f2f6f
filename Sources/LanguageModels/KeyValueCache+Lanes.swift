import Torch

/// Rows of which each ends at the last slot, so that one more slot gives one more token to all: those
/// that are shorter begin later, and a row may take the place of another at any time.
extension KeyValueCache {
    /// A cache of no rows for the model that `other` is of.
    init(like other: KeyValueCache) throws {
        blocks = try other.blocks.map { try $0.map(BlockMemory.init(like:)) }
    }

    /// Makes room for `rows` rows of `slots` slots; each row there is keeps its last ones.
    mutating func rearrange(rows count: Int, slots: Int) throws {
        blocks = try blocks.map { try $0?.rearranged(rows: count, slots: slots) }
        visible = (0..<count).map { row in
            let kept = row < visible.count ? visible[row].suffix(slots) : []
            return Array(repeating: false, count: slots - kept.count) + kept
        }
        lengths = (0..<count).map { $0 < lengths.count ? lengths[$0] : 0 }
    }

    /// Puts the one row of `other`, which has no more slots than this, into `row`.
    mutating func place(_ other: KeyValueCache, in row: Int) throws {
        precondition(other.rowCount == 1 && other.slots <= slots, "the row does not fit")
        for index in blocks.indices {
            if let memory = other.blocks[index] { try blocks[index]!.place(memory, in: row) }
        }
        visible[row] =
            Array(repeating: false, count: slots - other.slots) + other.visible[0]
        lengths[row] = other.lengths[0]
    }

    /// Forgets what `row` holds.
    mutating func clear(_ row: Int) {
        visible[row] = Array(repeating: false, count: slots)
        lengths[row] = 0
    }
}

extension BlockMemory {
    /// No rows and no slots, of the widths that `other` has.
    fileprivate init(like other: BlockMemory) throws {
        self.init()
        keys = try other.keys?.narrowed(dim: 0, start: 0, length: 0)
        values = try other.values?.narrowed(dim: 0, start: 0, length: 0)
    }

    /// The same in new storage: the first `rows` rows, each with its last slots; zeros elsewhere.
    fileprivate func rearranged(rows: Int, slots: Int) throws -> BlockMemory {
        var result = BlockMemory()
        result.keys = try keys.map { try rearranged($0, rows: rows, slots: slots) }
        result.values = try values.map { try rearranged($0, rows: rows, slots: slots) }
        result.count = slots
        return result
    }

    private func rearranged(_ old: Tensor, rows: Int, slots: Int) throws -> Tensor {
        let new = try Tensor.zeros(
            [rows, old.size(1), slots + Self.spareSlots, old.size(3)], dtype: old.dtype,
            device: old.device)
        let (keptRows, keptSlots) = (min(rows, old.size(0)), min(slots, count))
        guard keptRows > 0, keptSlots > 0 else { return new }
        try new.narrowed(dim: 0, start: 0, length: keptRows)
            .narrowed(dim: 2, start: slots - keptSlots, length: keptSlots)
            .copy(
                from: old.narrowed(dim: 0, start: 0, length: keptRows)
                    .narrowed(dim: 2, start: count - keptSlots, length: keptSlots))
        return new
    }

    /// Writes the one row of `other` into `row`, so that both end at the same slot.
    fileprivate func place(_ other: BlockMemory, in row: Int) throws {
        for (own, new) in [(keys, other.keys), (values, other.values)] {
            guard let own, let new else { continue }
            try own.narrowed(dim: 0, start: row, length: 1)
                .narrowed(dim: 2, start: count - other.count, length: other.count)
                .copy(from: new.narrowed(dim: 2, start: 0, length: other.count))
        }
    }
}
