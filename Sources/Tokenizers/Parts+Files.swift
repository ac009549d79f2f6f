extension BPETokenizer.Parts {
    /// The parts that a `tokenizer.json` describes. Its `truncation` and `padding` are not for
    /// the tokenizer here: who makes batches decides them.
    init(_ file: Component, config: Component?) throws {
        preTokenizer = try file.optional("pre_tokenizer").map(PreTokenizer.init) ?? .whole
        model = try BPEModel(try file.required("model"), alphabet: preTokenizer.alphabet)
        normalizer = try file.optional("normalizer").map(Normalizer.init) ?? .none
        postProcessor = try file.optional("post_processor").map(PostProcessor.init) ?? .none
        decoder = try file.optional("decoder").map(Decoder.init) ?? .spaced
        if file.optional("added_tokens") != nil {
            for token in try file.list("added_tokens") { add(try AddedToken(token)) }
        }
        try nameEnds(config)
    }

    /// The parts of GPT-2's tokenizer with the given vocabulary and merges.
    init(
        _ vocabulary: Component, merges: [UInt8], config: Component?, added file: Component?
    ) throws {
        let addsSpace = try config?.flag("add_prefix_space", missing: false) ?? false
        preTokenizer = .bytes(.gpt2, addsSpace: addsSpace)
        model = try BPEModel(vocabulary: vocabulary, mergesText: merges)
        decoder = .byteLevel
        let names = try ["bos_token", "eos_token", "unk_token"].compactMap {
            try config?.tokenName($0)
        }
        for token in try AddedToken.listed(config, file, special: names) {
            add(token, under: token.id)
        }
        let ending = "<|endoftext|>"
        let known = model.vocabulary.id(of: ending) >= 0 ? [ending] : []
        for name in names.isEmpty ? known : names {
            add(AddedToken(content: Array(name.utf8), isSpecial: true))
        }
        try nameEnds(config)
        if try config?.flag("add_bos_token", missing: false) ?? false {
            guard let beginningOfText else {
                throw TokenizerError(
                    "\(config?.place ?? "") asks for add_bos_token but names no bos_token; "
                        + "name one or say false.")
            }
            postProcessor.before = [beginningOfText]
        }
    }

    /// Adds a token under its id in the vocabulary, or else under `id`, or the next free one.
    private mutating func add(_ token: AddedToken, under id: Int? = nil) {
        guard !token.content.isEmpty, !added.contains(where: { $0.content == token.content })
        else { return }
        var token = token
        let size = model.vocabulary.size
        let old = model.vocabulary.id(of: token.content)
        let next = max(size, (added.map(\.id).max() ?? -1) + 1)
        token.id = old >= 0 ? Int(old) : id ?? next
        added.append(token)
    }

    /// Finds the ids of the tokens that begin and end a text: as the configuration says, else as
    /// the post-processor does, else by the names that GPT-2 and LLaMA give them.
    private mutating func nameEnds(_ config: Component?) throws {
        beginningOfText =
            try config?.tokenName("bos_token").flatMap(id)
            ?? postProcessor.before.first
            ?? ["<s>", "<|begin_of_text|>", "<|endoftext|>"].lazy.compactMap(id).first
        endOfText =
            try config?.tokenName("eos_token").flatMap(id)
            ?? ["</s>", "<|end_of_text|>", "<|endoftext|>"].lazy.compactMap(id).first
    }

    private func id(of name: String) -> Int? {
        let bytes = Array(name.utf8)
        if let token = added.first(where: { $0.content == bytes }) { return token.id }
        let id = model.vocabulary.id(of: bytes)
        return id < 0 ? nil : Int(id)
    }
}

extension Component {
    /// The content of a token that `tokenizer_config.json` names, as a string or as an object.
    fileprivate func tokenName(_ name: String) throws -> String? {
        guard let member = optional(name) else { return nil }
        return try member.json.text ?? member.text("content")
    }
}
