/// Which of the two linear maps of a block's MLP.
///
/// The expansion is `c_fc` in GPT-2 and `up_proj` in LLaMA, the contraction `c_proj` and
/// `down_proj`.
package enum FeedForwardPart: String, Codable, Sendable, CaseIterable {
    case expansion, contraction
}

/// One linear map inside one block's MLP: a place where a model can be tapped, cut or adapted.
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
        if left.block != right.block { return left.block < right.block }
        return left.part == .expansion && right.part == .contraction
    }

    package var description: String { "block \(block) \(part.rawValue)" }
}
