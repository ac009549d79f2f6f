/// How a text is cut into the pieces that byte-pair encoding works on.
enum PreTokenizer: Sendable {
    /// Not at all: SentencePiece of old.
    case whole
    /// By a pattern, or not at all; GPT-2 and LLaMA-3.
    case bytes(SplitPattern?, addsSpace: Bool)
    /// Digits apart, one by one or in runs, and what stands between them by a pattern; SmolLM.
    case digits(areSingle: Bool, SplitPattern?)
    /// At `▁`, which stands for a space; SentencePiece of late.
    case marks(Metaspace)

    /// When a `▁` is put before a text that begins with none.
    enum Prepending: String, Sendable { case always, first, never }

    /// The options of `Metaspace`.
    struct Metaspace: Sendable {
        /// The UTF-8 of the character that stands for a space.
        var mark: [UInt8]
        var prepending: Prepending
        /// Whether each mark begins a piece.
        var splits: Bool
    }

    /// The pre-tokenizer of a tokenizer file.
    init(_ file: Component) throws {
        let steps = try file.flattened("pretokenizers")
        let types = try steps.map { try $0.type() }
        switch types {
        case ["ByteLevel"]:
            let usesPattern = try steps[0].flag("use_regex", missing: true)
            let addsSpace = try steps[0].flag("add_prefix_space", missing: true)
            self = .bytes(usesPattern ? .gpt2 : nil, addsSpace: addsSpace)
        case ["Split", "ByteLevel"]:
            let pattern = try Self.splitPattern(steps[0])
            let cutsTwice = try steps[1].flag("use_regex", missing: true)
            let addsSpaces = try steps[1].flag("add_prefix_space", missing: true)
            guard !cutsTwice, !addsSpaces else {
                throw steps[1].unsupported(
                    "a ByteLevel that cuts or adds spaces after a Split",
                    known: "use_regex and add_prefix_space must be false there")
            }
            self = .bytes(pattern, addsSpace: false)
        case ["Digits", "ByteLevel"]:
            let areSingle = try steps[0].flag("individual_digits", missing: false)
            let usesPattern = try steps[1].flag("use_regex", missing: true)
            guard try !steps[1].flag("add_prefix_space", missing: true) else {
                throw steps[1].unsupported(
                    "a ByteLevel that adds spaces after Digits",
                    known: "add_prefix_space must be false there")
            }
            self = .digits(areSingle: areSingle, usesPattern ? .gpt2 : nil)
        case ["Metaspace"]:
            self = .marks(try Metaspace(steps[0]))
        default:
            throw file.unsupported(
                "a pre-tokenizer of type \(types.joined(separator: " + "))",
                known: "known pre-tokenizers: ByteLevel, Split + ByteLevel, Digits + ByteLevel, "
                    + "Metaspace")
        }
    }

    /// True when byte-pair encoding starts from bytes.
    var alphabet: BPEModel.Alphabet {
        switch self {
        case .bytes, .digits: .bytes
        case .whole, .marks: .scalars
        }
    }

    private static func splitPattern(_ file: Component) throws -> SplitPattern {
        let regex = try file.pattern("Regex")
        guard let pattern = regex.flatMap(SplitPattern.init(regex:)) else {
            throw file.unsupported(
                "a Split with an unknown pattern", known: "known patterns: GPT-2, LLaMA-3, Qwen2")
        }
        // The patterns match everywhere: keeping the matches and isolating them are the same.
        switch (try file.text("behavior"), try file.flag("invert", missing: false)) {
        case ("Isolated", _), ("Removed", true): return pattern
        case (let behavior, _):
            throw file.unsupported(
                "a Split with behavior \(behavior)", known: "known behaviors: Isolated")
        }
    }
}

extension PreTokenizer.Metaspace {
    /// The options in a tokenizer file, old spelling (`add_prefix_space`) or new.
    init(_ file: Component) throws {
        mark = try file.bytes("replacement")
        splits = try file.flag("split", missing: true)
        let adds = try file.flag("add_prefix_space", missing: true)
        let isNew = file.optional("prepend_scheme") != nil
        let scheme = isNew ? try file.text("prepend_scheme") : adds ? "always" : "never"
        guard let prepending = PreTokenizer.Prepending(rawValue: scheme) else {
            throw file.unsupported(
                "a Metaspace with prepend_scheme \(scheme)",
                known: "known schemes: always, first, never")
        }
        guard mark.count > 0, String(decoding: mark, as: UTF8.self).unicodeScalars.count == 1 else {
            throw file.unsupported(
                "a Metaspace whose replacement is not one character", known: "usually ▁")
        }
        self.prepending = prepending
    }

    /// Writes marks for spaces, and one in front where the scheme wants it.
    ///
    /// - Parameter isFirst: whether `text` begins where the whole text does.
    func marked(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8] {
        let result = text.replacing([UInt8(ascii: " ")], with: mark)
        let wantsMark = prepending == .always || prepending == .first && isFirst
        return wantsMark && !result.starts(with: mark) ? mark + result : result
    }
}
