/// Joins the symbols of one piece of text until no merge applies: the loop of byte-pair encoding.
///
/// Always the merge of lowest rank, the leftmost of equals. Pieces of a few symbols are joined by
/// looking for that merge each time, long ones with a linked list and a heap: n log n.
struct PairMerger {
    /// The symbols before, the tokens after ``merge(with:)``.
    var symbols: [Int32] = []
    private var entries: [MergeTable.Entry] = []
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var heap: [UInt64] = []

    /// Up to here searching is faster than a heap.
    private static let longestSearched = 40

    /// Joins ``symbols`` in place.
    mutating func merge(with table: MergeTable) {
        if symbols.count < 2 { return }
        if symbols.count <= Self.longestSearched {
            mergeBySearching(table)
        } else {
            mergeByHeap(table)
        }
    }

    private mutating func mergeBySearching(_ table: MergeTable) {
        var count = symbols.count
        if entries.count < count { entries = .init(repeating: MergeTable.none, count: 64) }
        symbols.withUnsafeMutableBufferPointer { symbols in
            entries.withUnsafeMutableBufferPointer { entries in
                for i in 0..<count - 1 { entries[i] = table.entry(symbols[i], symbols[i + 1]) }
                while count > 1 {
                    var best = 0
                    for i in 1..<max(1, count - 1) where entries[i] < entries[best] { best = i }
                    guard entries[best] != MergeTable.none else { break }
                    symbols[best] = Int32(truncatingIfNeeded: entries[best])
                    count -= 1
                    for i in best + 1..<max(best + 1, count) {
                        symbols[i] = symbols[i + 1]
                        entries[i - 1] = entries[i]
                    }
                    if best + 1 < count {
                        entries[best] = table.entry(symbols[best], symbols[best + 1])
                    }
                    if best > 0 {
                        entries[best - 1] = table.entry(symbols[best - 1], symbols[best])
                    }
                }
            }
        }
        symbols.removeLast(symbols.count - count)
    }

    private mutating func mergeByHeap(_ table: MergeTable) {
        let count = symbols.count
        next = (1...Int32(count)).map { $0 }
        next[count - 1] = -1
        previous = (-1..<Int32(count) - 1).map { $0 }
        heap.removeAll(keepingCapacity: true)
        for i in 0..<count - 1 { push(i, table) }
        while let top = pop() {
            let position = Int(top & 0xFFFF_FFFF)
            let following = next[position]
            // A heap entry is stale when its symbols have been joined with others since.
            guard symbols[position] >= 0, following >= 0 else { continue }
            let entry = table.entry(symbols[position], symbols[Int(following)])
            guard entry != MergeTable.none, entry >> 32 == top >> 32 else { continue }
            symbols[position] = Int32(truncatingIfNeeded: entry)
            symbols[Int(following)] = -1
            next[position] = next[Int(following)]
            if next[position] >= 0 {
                previous[Int(next[position])] = Int32(position)
                push(position, table)
            }
            if previous[position] >= 0 { push(Int(previous[position]), table) }
        }
        symbols.removeAll { $0 < 0 }
    }

    /// Queues the merge of the symbol at `position` with the one that follows it.
    private mutating func push(_ position: Int, _ table: MergeTable) {
        let entry = table.entry(symbols[position], symbols[Int(next[position])])
        guard entry != MergeTable.none else { return }
        let item = (entry & ~0xFFFF_FFFF) | UInt64(position)
        heap.append(item)
        heap.withUnsafeMutableBufferPointer { heap in
            var child = heap.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard item < heap[parent] else { break }
                heap[child] = heap[parent]
                child = parent
            }
            heap[child] = item
        }
    }

    /// The queued merge of lowest rank, leftmost among equals.
    private mutating func pop() -> UInt64? {
        guard let last = heap.popLast() else { return nil }
        if heap.isEmpty { return last }
        return heap.withUnsafeMutableBufferPointer { heap in
            let top = heap[0]
            var parent = 0
            while true {
                var child = parent * 2 + 1
                if child >= heap.count { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < last else { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = last
            return top
        }
    }
}
