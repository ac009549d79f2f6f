/// What two neighbouring tokens become, and how early in the training they did.
struct MergeTable: Sendable {
    /// A rank in the upper and the new token's id in the lower half, so that the smaller number
    /// is the merge to do first. ``none`` where two tokens do not merge.
    typealias Entry = UInt64

    /// Later than every merge.
    static let none: Entry = .max

    /// Pair, entry, pair, entry, …: open addressing, both in one cache line.
    private let slots: [UInt64]
    private let mask: Int

    /// A table of merges in the order of their ranks; a repeated pair keeps its last rank.
    init(_ merges: [(left: Int32, right: Int32, result: Int32)]) {
        var capacity = 16
        while capacity < merges.count * 2 { capacity *= 2 }
        var slots = [UInt64](repeating: .max, count: capacity * 2)
        for (rank, merge) in merges.enumerated() {
            let key = Self.key(merge.left, merge.right)
            var slot = Self.hash(key) & (capacity - 1)
            while slots[slot * 2] != .max, slots[slot * 2] != key {
                slot = (slot + 1) & (capacity - 1)
            }
            slots[slot * 2] = key
            slots[slot * 2 + 1] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merge.result))
        }
        self.slots = slots
        self.mask = capacity - 1
    }

    /// The merge of two tokens that stand side by side.
    @inline(__always)
    func entry(_ left: Int32, _ right: Int32) -> Entry {
        let key = Self.key(left, right)
        return slots.withUnsafeBufferPointer { slots in
            var slot = Self.hash(key) & mask
            while true {
                let found = slots[slot * 2]
                if found == key { return slots[slot * 2 + 1] }
                if found == .max { return Self.none }
                slot = (slot + 1) & mask
            }
        }
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        let product = key &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> 32 ^ product)
    }
}
