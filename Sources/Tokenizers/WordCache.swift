import Foundation

/// The tokens of words seen before: text repeats its words, and a look-up is cheaper than merging.
///
/// Bounded: when full it forgets everything, which costs one more merge a word.
struct WordCache {
    private struct Slot {
        var hash: UInt64 = 0
        var keyStart: Int32 = 0
        var keyCount: Int32 = -1
        var idStart: Int32 = 0
        var idCount: Int32 = 0
    }

    private var slots: [Slot] = []
    private var keys: [UInt8] = []
    private var values: [Int32] = []
    private var count = 0

    private static let capacity = 1 << 15
    private static let mostWords = capacity / 2
    /// Longer pieces seldom come again.
    private static let longestWord = 48

    /// Adds the tokens of `word` to `ids`; false when they are not known.
    @inline(__always)
    func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int]) -> Bool {
        guard word.count <= Self.longestWord, count > 0, let start = word.baseAddress else {
            return false
        }
        let hash = hashValue(of: start, count: word.count)
        return slots.withUnsafeBufferPointer { slots in
            var index = Int(truncatingIfNeeded: hash) & (Self.capacity - 1)
            while slots[index].keyCount >= 0 {
                let slot = slots[index]
                if slot.hash == hash, slot.keyCount == word.count, isEqual(slot, start) {
                    values.withUnsafeBufferPointer { values in
                        let first = Int(slot.idStart)
                        for i in first..<first + Int(slot.idCount) { ids.append(Int(values[i])) }
                    }
                    return true
                }
                index = (index + 1) & (Self.capacity - 1)
            }
            return false
        }
    }

    /// Remembers the tokens of a word that ``append(_:to:)`` did not know.
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, _ ids: ArraySlice<Int>) {
        guard word.count <= Self.longestWord, let start = word.baseAddress else { return }
        if slots.isEmpty || count == Self.mostWords { forget() }
        let hash = hashValue(of: start, count: word.count)
        var index = Int(truncatingIfNeeded: hash) & (Self.capacity - 1)
        while slots[index].keyCount >= 0 { index = (index + 1) & (Self.capacity - 1) }
        slots[index] = Slot(
            hash: hash, keyStart: Int32(keys.count), keyCount: Int32(word.count),
            idStart: Int32(values.count), idCount: Int32(ids.count))
        keys.append(contentsOf: word)
        for id in ids { values.append(Int32(id)) }
        count += 1
    }

    private mutating func forget() {
        slots = .init(repeating: Slot(), count: Self.capacity)
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        count = 0
    }

    @inline(__always)
    private func isEqual(_ slot: Slot, _ start: UnsafePointer<UInt8>) -> Bool {
        keys.withUnsafeBufferPointer {
            memcmp($0.baseAddress! + Int(slot.keyStart), start, Int(slot.keyCount)) == 0
        }
    }
}
