/// The architectures this target can run.
package enum ModelFamily: String, Codable, Sendable, CaseIterable {
    case gpt2, llama
}

/// The non-linearity between the two maps of an MLP, by its Hugging Face name.
package enum Activation: String, Codable, Sendable, CaseIterable {
    case gelu
    case geluTanh = "gelu_new"
    case relu
    case silu
}

/// Everything that fixes a model's shape, and the few numbers its arithmetic needs.
package struct ModelConfiguration: Codable, Sendable, Equatable {
    package var family: ModelFamily
    package var vocabularySize: Int
    /// The most tokens a sequence may hold.
    package var contextLength: Int
    /// The residual stream's width D.
    package var width: Int
    package var blocks: Int
    package var heads: Int
    /// Heads that keys and values have; fewer than `heads` means grouped-query attention.
    package var keyValueHeads: Int
    package var headWidth: Int
    /// The width between the two maps of an MLP.
    package var feedForwardWidth: Int
    package var activation: Activation
    /// Added to the variance in every normalisation.
    package var epsilon: Double
    /// Rotary positions; absent where positions are learned.
    package var rotary: RotaryPositions?
    package var hasAttentionBias: Bool
    package var hasFeedForwardBias: Bool
    /// Whether the output head is the token embedding.
    package var isTied: Bool
    package var beginningOfText: Int?
    package var endOfText: [Int]

    /// What a taught target ends with: the first of these, where there are any.
    package var endMark: ArraySlice<Int> { endOfText.prefix(1) }

    /// A GPT-2 of these sizes; everything else as OpenAI published it.
    package static func gpt2(
        vocabularySize: Int = 50257, contextLength: Int = 1024, width: Int, blocks: Int, heads: Int
    ) -> ModelConfiguration {
        ModelConfiguration(
            family: .gpt2, vocabularySize: vocabularySize, contextLength: contextLength,
            width: width, blocks: blocks, heads: heads, keyValueHeads: heads,
            headWidth: width / heads, feedForwardWidth: 4 * width, activation: .geluTanh,
            epsilon: 1e-5, rotary: nil, hasAttentionBias: true, hasFeedForwardBias: true,
            isTied: true, beginningOfText: vocabularySize - 1, endOfText: [vocabularySize - 1])
    }

    /// A LLaMA of these sizes; everything else as in LLaMA 2.
    package static func llama(
        vocabularySize: Int = 32000, contextLength: Int = 4096, width: Int, blocks: Int, heads: Int,
        keyValueHeads: Int? = nil, feedForwardWidth: Int
    ) -> ModelConfiguration {
        ModelConfiguration(
            family: .llama, vocabularySize: vocabularySize, contextLength: contextLength,
            width: width, blocks: blocks, heads: heads, keyValueHeads: keyValueHeads ?? heads,
            headWidth: width / heads, feedForwardWidth: feedForwardWidth, activation: .silu,
            epsilon: 1e-5, rotary: RotaryPositions(), hasAttentionBias: false,
            hasFeedForwardBias: false, isTied: false, beginningOfText: 1, endOfText: [2])
    }

    package static let gpt2Small = gpt2(width: 768, blocks: 12, heads: 12)
    package static let gpt2XL = gpt2(width: 1600, blocks: 48, heads: 25)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    package static let llama2_7B = llama(
        width: 4096, blocks: 32, heads: 32, feedForwardWidth: 11008)
}

extension ModelConfiguration {
    /// How wide the vectors are that enter the map at `site`.
    package func inputWidth(of site: Site) -> Int {
        site.part == .contraction ? feedForwardWidth : width
    }

    /// How wide the vectors are that leave the map at `site`.
    package func outputWidth(of site: Site) -> Int {
        site.part == .expansion ? feedForwardWidth : width
    }

    /// The longest sequence the model runs: its context, stretched where rotary positions adapt.
    package var maximumLength: Int {
        guard case .dynamic(let factor)? = rotary?.scaling else { return contextLength }
        return Int(Double(contextLength) * factor)
    }

    /// Checks that the sizes fit together.
    ///
    /// - Throws: `ModelError` naming the first number that cannot be.
    package func validate() throws {
        let sizes = [
            ("vocabulary size", vocabularySize), ("context length", contextLength),
            ("width", width), ("number of blocks", blocks), ("number of heads", heads),
            ("number of key-value heads", keyValueHeads), ("head width", headWidth),
            ("feed-forward width", feedForwardWidth),
        ]
        for (name, value) in sizes where !(1...Self.largestSize).contains(value) {
            throw ModelError(
                "The model's \(name) must be at least 1 and at most \(Self.largestSize), but "
                    + "config.json gives \(value); check that file.")
        }
        guard family != .gpt2 || headWidth * heads == width else {
            throw ModelError(
                "A GPT-2's width must be a multiple of its heads, but config.json gives width "
                    + "\(width) and \(heads) heads; check n_embd and n_head.")
        }
        guard heads % keyValueHeads == 0 else {
            throw ModelError(
                "The \(heads) query heads must share \(keyValueHeads) key-value heads evenly; "
                    + "check num_attention_heads and num_key_value_heads in config.json.")
        }
        if let rotary { try validate(rotary) }
    }

    /// So that no product of two sizes overflows.
    private static let largestSize = Int(Int32.max)

    private func validate(_ rotary: RotaryPositions) throws {
        guard headWidth % 2 == 0 else {
            throw ModelError(
                "Rotary positions need an even head width, but config.json gives \(headWidth); "
                    + "check head_dim.")
        }
        guard rotary.base > 0 else {
            throw ModelError(
                "Rotary positions need a base above 0, but config.json gives \(rotary.base); "
                    + "check rope_theta.")
        }
        let factor = rotary.scaling?.factor ?? 1
        let largest = Self.largestSize / contextLength
        guard factor >= 1, factor <= Double(largest) else {
            throw ModelError(
                "Rotary positions of \(contextLength) tokens can be stretched by a factor from 1 to "
                    + "\(largest), but config.json gives \(factor); check rope_scaling.")
        }
    }

    /// Checks that `site` exists in this model.
    package func validate(_ site: Site) throws {
        guard (0..<blocks).contains(site.block) else {
            throw ModelError(
                "Block \(site.block) does not exist in a model of \(blocks) blocks; "
                    + "choose one from 0 to \(blocks - 1).")
        }
    }
}
