extension BPEModel {
    /// The model of a tokenizer file.
    init(_ file: Component, alphabet: Alphabet) throws {
        if let type = file.optional("type")?.json.text, type != "BPE" {
            throw file.unsupported("a model of type \(type)", known: "known models: BPE")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = file.optional(name)?.json.text, !affix.isEmpty {
                throw file.unsupported("a BPE with \(name)", known: "it must be empty or null")
            }
        }
        if case .number(let dropout)? = file.json["dropout"], dropout != 0 {
            throw file.unsupported("a BPE with dropout", known: "it must be 0 or null")
        }
        let vocabulary = try ByteTable(vocabulary: try file.required("vocab"))
        let merges = try Self.merges(try file.required("merges"), vocabulary)
        let options = Options(
            unknown: try Self.unknown(file, vocabulary),
            fusesUnknown: try file.flag("fuse_unk", missing: false),
            fallsBackToBytes: try file.flag("byte_fallback", missing: false),
            ignoresMerges: try file.flag("ignore_merges", missing: false))
        self.init(vocabulary: vocabulary, merges: merges, alphabet: alphabet, options: options)
    }

    /// GPT-2's model: a `vocab.json`, and a `merges.txt` with two tokens a line.
    init(vocabulary file: Component, mergesText: [UInt8]) throws {
        let vocabulary = try ByteTable(vocabulary: file)
        var merges: [(left: Int32, right: Int32, result: Int32)] = []
        let lineEnd = UInt8(ascii: "\n")
        let lines = mergesText.split(separator: lineEnd, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.starts(with: "#version".utf8) || line.isEmpty { continue }
            merges.append(
                try Self.merge(
                    line.split(separator: 0x20), vocabulary,
                    "merges.txt beside \(file.place), line \(number + 1),"))
        }
        self.init(vocabulary: vocabulary, merges: merges, alphabet: .bytes, options: Options())
    }

    private static func unknown(_ file: Component, _ vocabulary: ByteTable) throws -> Int32? {
        guard let name = file.optional("unk_token") else { return nil }
        guard let bytes = name.json.bytes else { throw name.mistake("a string") }
        let id = vocabulary.id(of: bytes)
        guard id >= 0 else {
            throw TokenizerError(
                "\(name.place) is \(name.json.text ?? ""), which is not in the vocabulary; "
                    + "name a token that is.")
        }
        return id
    }

    private static func merges(
        _ file: Component, _ vocabulary: ByteTable
    ) throws -> [(left: Int32, right: Int32, result: Int32)] {
        guard let list = file.json.elements else { throw file.mistake("an array") }
        return try list.enumerated().map { index, json in
            let pair: [ArraySlice<UInt8>]
            switch json {
            case .string(let bytes): pair = bytes.split(separator: 0x20)
            case .array(let tokens): pair = tokens.compactMap { $0.bytes?[...] }
            default:
                throw Component(json: json, place: "\(file.place)[\(index)]")
                    .mistake("a string or an array of two")
            }
            return try merge(pair, vocabulary, "\(file.place)[\(index)]")
        }
    }

    private static func merge(
        _ pair: [ArraySlice<UInt8>], _ vocabulary: ByteTable, _ place: @autoclosure () -> String
    ) throws -> (left: Int32, right: Int32, result: Int32) {
        guard pair.count == 2 else {
            throw TokenizerError(
                "\(place()) should name two tokens, not \(pair.count); copy the file again.")
        }
        let ids = [Array(pair[0]), Array(pair[1]), Array(pair[0] + pair[1])].map {
            ($0, vocabulary.id(of: $0))
        }
        if let missing = ids.first(where: { $0.1 < 0 }) {
            throw TokenizerError(
                "\(place()) needs the token \(String(decoding: missing.0, as: UTF8.self)), which the "
                    + "vocabulary lacks; take vocabulary and merges from the same tokenizer.")
        }
        return (ids[0].1, ids[1].1, ids[2].1)
    }
}

extension ByteTable {
    /// More ids than any vocabulary has; a bound keeps a wrong file from filling the memory.
    private static let mostIDs = 1 << 24

    /// `id`, which a file gives to `token` and which may be anything.
    static func checked(_ id: Int?, of token: [UInt8], in file: Component) throws -> Int {
        guard let id, (0..<mostIDs).contains(id) else {
            throw TokenizerError(
                "\(file.place) gives \(String(decoding: token, as: UTF8.self)) an id that is "
                    + "not a whole number below \(mostIDs); copy the file again.")
        }
        return id
    }

    /// The vocabulary in a JSON object of token to id.
    fileprivate init(vocabulary file: Component) throws {
        guard let members = file.json.members else { throw file.mistake("an object") }
        guard !members.isEmpty else {
            throw TokenizerError("\(file.place) holds no tokens; copy the file again.")
        }
        self.init(
            try members.map { key, value in
                let id = try Self.checked(value.integer, of: key, in: file)
                return (key, id)
            })
    }
}
