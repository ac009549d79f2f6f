extension Array {
    /// The elements in order, `size` at a time.
    package func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }

    /// At most `count` of the elements in order, evenly from the first on.
    package func evenly(_ count: Int) -> [Element] {
        let count = Swift.min(count, self.count)
        return (0..<Swift.max(count, 0)).map { self[$0 * self.count / count] }
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits to a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
