import Torch

/// Keys and values of the tokens a model has already seen, so that each costs its work once.
///
/// A value: a copy may go its own way. What copies share is cloned when one of them grows.
package struct KeyValueCache {
    /// One per block; filled from the bottom, so that a prefix can stop half-way.
    var blocks: [BlockMemory?] = []
    /// Which slots hold real tokens, [B][S].
    var visible: [[Bool]] = []
    /// How many real tokens each row has, which is the position of its next one.
    package internal(set) var lengths: [Int] = []

    /// An empty cache.
    package init() {}

    /// How many slots are taken, padding included, S.
    package var slots: Int { visible.first?.count ?? 0 }
    /// How many rows there are, B.
    package var rowCount: Int { lengths.count }

    /// Takes note of one more forward pass.
    mutating func admit(_ arrangement: Arrangement, blocks count: Int) {
        if slots == 0 {
            blocks = Array(repeating: BlockMemory(), count: count)
            visible = Array(repeating: [], count: arrangement.lengths.count)
            lengths = Array(repeating: 0, count: arrangement.lengths.count)
        }
        for (row, length) in arrangement.lengths.enumerated() {
            visible[row] += (0..<arrangement.width).map { $0 < length }
            lengths[row] += length
        }
    }

    /// The same for a choice of rows, in storage of its own.
    package func rows(_ index: [Int]) throws -> KeyValueCache {
        var result = self
        result.visible = index.map { visible[$0] }
        result.lengths = index.map { lengths[$0] }
        result.blocks = try blocks.map { try $0?.rows(index) }
        return result
    }
}

/// One block's keys and values, in storage that grows ahead of need.
struct BlockMemory {
    var keys: Tensor?  // [B, H, capacity, d]
    var values: Tensor?
    var count = 0

    /// Slots added beyond need when the storage is full: a compromise between copying often and
    /// holding memory that stays empty. Half as much again once the cache is long.
    static let spareSlots = 64

    /// Adds [B, H, T, d] and returns everything there is, [B, H, S, d].
    mutating func append(_ newKeys: Tensor, _ newValues: Tensor) throws -> (Tensor, Tensor) {
        let added = newKeys.size(2)
        guard count > 0 else {
            (keys, values, count) = (newKeys, newValues, added)
            return (newKeys, newValues)
        }
        try reserve(count + added)
        try keys!.narrowed(dim: 2, start: count, length: added).copy(from: newKeys)
        try values!.narrowed(dim: 2, start: count, length: added).copy(from: newValues)
        count += added
        return (
            try keys!.narrowed(dim: 2, start: 0, length: count),
            try values!.narrowed(dim: 2, start: 0, length: count)
        )
    }

    func rows(_ index: [Int]) throws -> BlockMemory {
        guard let keys, let values else { return self }
        let index = try Tensor(index, shape: [index.count], device: keys.device)
        var result = self
        result.keys = try keys.narrowed(dim: 2, start: 0, length: count)
            .selected(dim: 0, index: index)
        result.values = try values.narrowed(dim: 2, start: 0, length: count)
            .selected(dim: 0, index: index)
        return result
    }

    /// Makes room for `slots`, in storage that nobody else writes to.
    private mutating func reserve(_ slots: Int) throws {
        let isRoomy = keys!.size(2) >= slots
        guard !isRoomy || !isKnownUniquelyReferenced(&keys) || !isKnownUniquelyReferenced(&values)
        else { return }
        let capacity = isRoomy ? keys!.size(2) : slots + max(Self.spareSlots, slots / 2)
        keys = try moved(keys!, to: capacity)
        values = try moved(values!, to: capacity)
    }

    private func moved(_ old: Tensor, to capacity: Int) throws -> Tensor {
        let new = try Tensor.zeros(
            [old.size(0), old.size(1), capacity, old.size(3)], dtype: old.dtype, device: old.device)
        try new.narrowed(dim: 2, start: 0, length: count)
            .copy(from: old.narrowed(dim: 2, start: 0, length: count))
        return new
    }
}
