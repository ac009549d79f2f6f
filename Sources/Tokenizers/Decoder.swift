/// How tokens become text again.
struct Decoder: Sendable {
    private enum Step: Sendable {
        case byteLevel
        case replace([UInt8], with: [UInt8])
        case byteFallback
        case fuse
        case strip([UInt8], start: Int, stop: Int)
        case marks(PreTokenizer.Metaspace)
    }

    private var steps: [Step] = []
    /// Without a decoder tokens are words, with a space between them.
    private var separator: [UInt8] = []

    /// The decoder of a file that has none.
    static var spaced: Decoder {
        var decoder = Decoder()
        decoder.separator = [UInt8(ascii: " ")]
        return decoder
    }

    /// GPT-2's decoder.
    static var byteLevel: Decoder {
        var decoder = Decoder()
        decoder.steps = [.byteLevel]
        return decoder
    }

    private init() {}

    /// The decoder of a tokenizer file.
    init(_ file: Component) throws {
        steps = try file.flattened("decoders").map { step in
            switch try step.type() {
            case "ByteLevel": return .byteLevel
            case "Fuse": return .fuse
            case "ByteFallback": return .byteFallback
            case "Metaspace": return .marks(try PreTokenizer.Metaspace(step))
            case "Strip":
                return .strip(
                    try step.bytes("content"), start: try step.count("start"),
                    stop: try step.count("stop"))
            case "Replace":
                guard let pattern = try step.pattern("String"), !pattern.isEmpty else {
                    throw step.unsupported("a Replace by regular expression", known: Self.known)
                }
                return .replace(Array(pattern.utf8), with: try step.bytes("content"))
            case let type: throw step.unsupported("a decoder of type \(type)", known: Self.known)
            }
        }
    }

    private static let known =
        "known decoders: ByteLevel, Replace by string, ByteFallback, Fuse, Strip, Metaspace, "
        + "Sequence"

    /// The text of `tokens`.
    func text(of tokens: TokenBytes) -> String {
        var tokens = tokens
        for step in steps { tokens = apply(step, to: tokens) }
        return String(decoding: tokens.joined(by: separator), as: UTF8.self)
    }

    private func apply(_ step: Step, to tokens: TokenBytes) -> TokenBytes {
        switch step {
        case .byteLevel: tokens.fused { ByteAlphabet.append($0, to: &$1) }.repaired()
        case .fuse: tokens.fused { $1.append(contentsOf: $0) }
        case .byteFallback: tokens.withBytesForFallbacks()
        case .replace(let pattern, let content):
            tokens.mapped { _, token, result in
                result += token.withUnsafeBufferPointer { $0.replacing(pattern, with: content) }
            }
        case .strip(let content, let start, let stop):
            tokens.mapped { _, token, result in
                result += Self.stripped(token, content, start: start, stop: stop)
            }
        case .marks(let space):
            tokens.mapped { index, token, result in
                let isBare = index == 0 && space.prepending != .never
                let content = isBare ? [] : [UInt8(ascii: " ")]
                result += token.withUnsafeBufferPointer {
                    $0.replacing(space.mark, with: content)
                }
            }
        }
    }

    private static func stripped(
        _ token: ArraySlice<UInt8>, _ content: [UInt8], start: Int, stop: Int
    ) -> ArraySlice<UInt8> {
        var token = token
        for _ in 0..<start where token.starts(with: content) {
            token = token.dropFirst(content.count)
        }
        for _ in 0..<stop where token.suffix(content.count).elementsEqual(content) {
            token = token.dropLast(content.count)
        }
        return token
    }
}
