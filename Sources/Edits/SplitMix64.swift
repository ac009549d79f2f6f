/// A small random number generator whose whole state is one number, so that a saved one goes on
/// exactly where it stopped (Steele, Lea and Flood, 2014).
public struct SplitMix64: RandomNumberGenerator, Codable, Sendable, Equatable {
    private var state: UInt64

    /// A generator that gives the same numbers whenever it starts from the same `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A uniform number in `0..<bound`.
    ///
    /// Not left to the standard library, whose algorithm may change between Swift versions: a
    /// route code must not change with the compiler.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a random number needs a positive bound, not \(bound)")
        let bound = UInt64(bound)
        // Draws under 2^64 mod bound would make the small remainders too frequent.
        let uneven = (0 &- bound) % bound
        var bits = next()
        while bits < uneven { bits = next() }
        return Int(bits % bound)
    }

    /// A uniform choice of `count` of the numbers `0..<total`, in ascending order.
    public mutating func subset(of total: Int, count: Int) -> [Int] {
        var numbers = Array(0..<total)
        for place in 0..<count { numbers.swapAt(place, place + below(total - place)) }
        return numbers.prefix(count).sorted()
    }

    /// `elements` in a random order.
    public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var elements = elements
        for place in elements.indices.dropLast() {
            elements.swapAt(place, place + below(elements.count - place))
        }
        return elements
    }
}
