/// Which map of a block's MLP, in the order in which a forward pass finishes them.
package enum FeedForwardPart: String, Codable, Sendable, CaseIterable {
    /// The first linear map: `c_fc` in GPT-2, `up_proj` in LLaMA.
    case expansion
    /// The last linear map: `c_proj` in GPT-2, `down_proj` in LLaMA.
    case contraction
    /// The whole MLP, from the normalised residual stream to what is added to it.
    case whole
}

/// One map inside one block: a place where a model can be tapped, cut or adapted.
package struct Site: Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
    /// The block, counted from zero at the embedding.
    package var block: Int
    package var part: FeedForwardPart

    package init(block: Int, part: FeedForwardPart) {
        self.block = block
        self.part = part
    }

    /// Sites are ordered as a forward pass meets them.
    package static func < (left: Site, right: Site) -> Bool {
        (left.block, left.part.order) < (right.block, right.part.order)
    }

    package var description: String { "block \(block) \(part.rawValue)" }
}

extension FeedForwardPart {
    fileprivate var order: Int { Self.allCases.firstIndex(of: self)! }
}
