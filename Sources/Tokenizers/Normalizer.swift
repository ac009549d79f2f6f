/// What happens to the text before it is cut: SentencePiece's `▁` for spaces and in front.
struct Normalizer: Sendable {
    private enum Step: Sendable {
        case prepend([UInt8])
        case replace([UInt8], with: [UInt8])
    }

    private var steps: [Step] = []

    /// Leaves text as it is.
    static let none = Normalizer()

    /// True when text stays as it is.
    var isEmpty: Bool { steps.isEmpty }

    private init() {}

    /// The normalizer of a tokenizer file.
    init(_ file: Component) throws {
        steps = try file.flattened("normalizers").map { step in
            switch try step.type() {
            case "Prepend": return .prepend(try step.bytes("prepend"))
            case "Replace":
                guard let pattern = try step.pattern("String"), !pattern.isEmpty else {
                    throw step.unsupported("a Replace by regular expression", known: Self.known)
                }
                return .replace(Array(pattern.utf8), with: try step.bytes("content"))
            case let type: throw step.unsupported("a normalizer of type \(type)", known: Self.known)
            }
        }
    }

    private static let known = "known normalizers: Prepend, Replace by string, Sequence"

    /// Puts what becomes of `text` into `result`; nothing becomes of nothing.
    func apply(to text: UnsafeBufferPointer<UInt8>, into result: inout [UInt8]) {
        result.removeAll(keepingCapacity: true)
        result.append(contentsOf: text)
        for step in steps {
            switch step {
            case .prepend(let prefix):
                if !result.isEmpty { result.insert(contentsOf: prefix, at: 0) }
            case .replace(let pattern, let content):
                result = result.withUnsafeBufferPointer {
                    $0.replacing(pattern, with: content)
                }
            }
        }
    }

    /// What becomes of a few bytes.
    func applied(to bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        bytes.withUnsafeBufferPointer { apply(to: $0, into: &result) }
        return result
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes with each `pattern`, from the left, exchanged for `content`.
    func replacing(_ pattern: [UInt8], with content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + count / 2 + content.count)
        var done = 0
        var index = 0
        while index + pattern.count <= count {
            if self[index] == pattern[0],
                pattern.count == 1 || self[index...].starts(with: pattern)
            {
                result.append(contentsOf: self[done..<index])
                result.append(contentsOf: content)
                index += pattern.count
                done = index
            } else {
                index += 1
            }
        }
        result.append(contentsOf: self[done...])
        return result
    }
}
