/// The bytes of several tokens in one buffer: what a ``Decoder`` passes from step to step.
struct TokenBytes {
    private(set) var bytes: [UInt8] = []
    /// Where each token ends.
    private(set) var ends: [Int] = []

    /// Adds a token.
    mutating func append(_ token: some Collection<UInt8>) {
        bytes.append(contentsOf: token)
        ends.append(bytes.count)
    }

    /// The tokens as `body` rewrites them; it gets a token's number, bytes, and where to append.
    func mapped(_ body: (Int, ArraySlice<UInt8>, inout [UInt8]) -> Void) -> TokenBytes {
        var result = TokenBytes()
        result.bytes.reserveCapacity(bytes.count)
        result.ends.reserveCapacity(ends.count)
        var start = 0
        for (index, end) in ends.enumerated() {
            body(index, bytes[start..<end], &result.bytes)
            result.ends.append(result.bytes.count)
            start = end
        }
        return result
    }

    /// All tokens as one, each as `body` appends it.
    func fused(_ body: (ArraySlice<UInt8>, inout [UInt8]) -> Void) -> TokenBytes {
        var result = mapped { body($1, &$2) }
        result.ends = [result.bytes.count]
        return result
    }

    /// The same with U+FFFD where bytes are not UTF-8.
    func repaired() -> TokenBytes {
        mapped { $2.append(contentsOf: String(decoding: $1, as: UTF8.self).utf8) }
    }

    /// The tokens with runs of `<0x..>` as the characters they spell; where a run is not UTF-8,
    /// each of its bytes is a U+FFFD.
    func withBytesForFallbacks() -> TokenBytes {
        var result = TokenBytes()
        result.bytes.reserveCapacity(bytes.count)
        result.ends.reserveCapacity(ends.count)
        var run: [UInt8] = []
        var start = 0
        for end in ends {
            let token = bytes[start..<end]
            start = end
            if let byte = Self.fallbackByte(token) {
                run.append(byte)
            } else {
                result.flush(&run)
                result.append(token)
            }
        }
        result.flush(&run)
        return result
    }

    /// The bytes of all tokens, `separator` between them.
    func joined(by separator: [UInt8]) -> [UInt8] {
        if separator.isEmpty { return bytes }
        return mapped { index, token, result in
            if index > 0 { result += separator }
            result += token
        }.bytes
    }

    private mutating func flush(_ run: inout [UInt8]) {
        if run.isEmpty { return }
        if String(validating: run, as: UTF8.self) != nil {
            append(run)
        } else {
            for _ in run { append("\u{FFFD}".utf8) }
        }
        run.removeAll()
    }

    /// The byte that a token of the form `<0x0A>` stands for.
    static func fallbackByte(_ token: some Collection<UInt8>) -> UInt8? {
        guard token.count == 6, token.starts(with: [0x3C, 0x30, 0x78]) else { return nil }
        let rest = token.dropFirst(3)
        guard rest.dropFirst(2).elementsEqual([UInt8(ascii: ">")]) else { return nil }
        return UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
    }
}
