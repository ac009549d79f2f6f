import Foundation

/// A hash of `count` bytes from `start`, good enough for the tables of this target.
@inline(__always)
func hashValue(of start: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(start)
    var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= count {
        let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        offset += 8
    }
    var tail: UInt64 = 0
    while offset < count {
        tail = tail << 8 | UInt64(raw.load(fromByteOffset: offset, as: UInt8.self))
        offset += 1
    }
    hash = (hash ^ tail) &* 0xD6E8_FEB8_6659_FD93
    return hash ^ (hash >> 32)
}

/// Tokens by bytes and by id.
///
/// Byte keys tell "é" from "e" + accent, which Swift's `String` does not, and all tokens lie in
/// one buffer, so a look-up allocates nothing.
struct ByteTable: Sendable {
    /// One more than the largest id.
    let size: Int
    private let arena: [UInt8]
    /// Where the token of an id lies in `arena`; -1 where no token has the id.
    private let starts: [Int32]
    private let counts: [Int32]
    /// Ids by hash, open addressing; -1 is free.
    private let slots: [Int32]

    /// A table of `tokens`; where a token is repeated its last id counts.
    init(_ tokens: [(bytes: [UInt8], id: Int)]) {
        let size = (tokens.lazy.map(\.id).max() ?? -1) + 1
        var arena: [UInt8] = []
        var starts = [Int32](repeating: -1, count: size)
        var counts = [Int32](repeating: 0, count: size)
        arena.reserveCapacity(tokens.reduce(0) { $0 + $1.bytes.count })
        for (bytes, id) in tokens {
            starts[id] = Int32(arena.count)
            counts[id] = Int32(bytes.count)
            arena.append(contentsOf: bytes)
        }
        var capacity = 16
        while capacity < tokens.count * 2 { capacity *= 2 }
        var slots = [Int32](repeating: -1, count: capacity)
        for (bytes, id) in tokens {
            var slot =
                bytes.withUnsafeBufferPointer {
                    $0.baseAddress.map { hashValue(of: $0, count: bytes.count) }
                }.map { Int(truncatingIfNeeded: $0) } ?? 0
            while true {
                slot &= capacity - 1
                let other = slots[slot]
                if other < 0 { break }
                let range = Int(starts[Int(other)])..<Int(starts[Int(other)] + counts[Int(other)])
                if arena[range].elementsEqual(bytes) { break }
                slot += 1
            }
            slots[slot] = Int32(id)
        }
        self.size = size
        self.arena = arena
        self.starts = starts
        self.counts = counts
        self.slots = slots
    }

    /// The id of the token with exactly these bytes, -1 without one.
    func id(of bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return -1 }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hashValue(of: start, count: bytes.count)) & mask
        while true {
            let id = slots[slot]
            if id < 0 { return -1 }
            if counts[Int(id)] == bytes.count, isEqual(Int(starts[Int(id)]), bytes) { return id }
            slot = (slot + 1) & mask
        }
    }

    /// The id of the token with exactly these bytes, -1 without one.
    func id(of bytes: [UInt8]) -> Int32 { bytes.withUnsafeBufferPointer { id(of: $0) } }

    /// The id of the token spelt like `text`, -1 without one.
    func id(of text: String) -> Int32 { id(of: Array(text.utf8)) }

    /// The bytes of the token with this id.
    func bytes(of id: Int) -> ArraySlice<UInt8>? {
        guard id >= 0, id < size, starts[id] >= 0 else { return nil }
        return arena[Int(starts[id])..<Int(starts[id] + counts[id])]
    }

    private func isEqual(_ start: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        arena.withUnsafeBufferPointer {
            memcmp($0.baseAddress! + start, bytes.baseAddress!, bytes.count) == 0
        }
    }
}
