/// GPT-2's alphabet: a printable character for each byte, so that any bytes make a token's name.
package enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var spare: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return Unicode.Scalar(byte)
            default:
                defer { spare += 1 }
                return Unicode.Scalar(spare) ?? "\u{FFFD}"
            }
        }
    }()

    /// The byte of each character, -1 where the character stands for none.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    /// Adds to `bytes` those that `token` stands for, or the token's own when it stands for none
    /// (an added token with a space in it, for one).
    package static func append(_ token: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let start = bytes.count
        var pending: UInt32?
        for byte in token {
            let value: UInt32
            switch (pending, byte) {
            case (nil, 0..<0x80): value = UInt32(byte)
            // All of the alphabet lies below U+0800: one or two bytes a character.
            case (nil, 0xC2..<0xE0):
                pending = UInt32(byte & 0x1F)
                continue
            case (let high?, _): value = high << 6 | UInt32(byte & 0x3F)
            default: value = .max
            }
            pending = nil
            guard value < self.bytes.count, self.bytes[Int(value)] >= 0 else {
                bytes.removeSubrange(start...)
                bytes.append(contentsOf: token)
                return
            }
            bytes.append(UInt8(self.bytes[Int(value)]))
        }
    }
}
