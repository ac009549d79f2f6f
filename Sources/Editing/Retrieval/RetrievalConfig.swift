import Edits
package import LanguageModels

/// Every choice of editing through the context.
package struct RetrievalConfig: Recipe {
    /// The block whose input to the map of `part` is the query, counted from 0. As ELDER's: 35 in
    /// GPT2-XL, 20 in LLaMA2-7B.
    package var queryBlock: Int
    /// Which linear map of the MLP that is. As ELDER's: expansion in GPT-2, contraction in LLaMA.
    package var part: FeedForwardPart
    /// What decides which stored edits a prompt is about.
    package var gate = Gate.match
    /// Gate `match`: the least share of a stored prompt's weighted words that the prompt must have;
    /// absent for one that rises with the number of stored prompts (see `ELDERConfig.MatchGate`).
    package var coverage: Double?
    /// The least centred cosine of the queries; absent for one that text sampled from the base
    /// model rarely reaches and, for the gate `cosine`, that stored prompts of other facts do.
    package var cosine: Double?
    /// Texts sampled from the base model, once, to learn what its text is like.
    package var samples = 512
    /// The most edits that are read before a prompt, the nearest last.
    package var edits = 1
    /// How an edit is written there.
    package var template = Template.plain

    package init(queryBlock: Int, part: FeedForwardPart) {
        self.queryBlock = queryBlock
        self.part = part
    }

    /// What decides which stored edits a prompt is about.
    package enum Gate: String, Codable, Sendable, CaseIterable {
        /// Shared words and the cosine of the queries, as ELDER's gate of that name.
        case match
        /// The cosine of the queries alone.
        case cosine
    }

    /// How an edit is written before a prompt.
    package enum Template: String, Codable, Sendable, CaseIterable {
        /// “prompt target”, on a line of its own.
        case plain
        /// The same line twice: a model that copies needs a second occurrence to copy from.
        case twice
        /// “New fact: prompt target”, then “Prompt: ” (IKE; Zheng et al., 2023, arXiv 2305.12740).
        case newFact
        /// “prompt target” and the end mark, as a text of its own, which is how models see short
        /// texts in training.
        case document
    }

    /// What to run, at the like of ELDER's place in a model of this shape.
    ///
    /// - Throws: `EditError` for a model of one block.
    package static func `default`(for model: ModelConfiguration) throws -> RetrievalConfig {
        let part = ELDERConfig.part(for: model)
        let elder = try ELDERConfig.paper(blocks: model.blocks, part: part)
        return RetrievalConfig(queryBlock: elder.queryBlock, part: part.site)
    }

    package func validate(for model: ModelConfiguration) throws {
        try requireBlock(queryBlock, "queryBlock", of: model)
        try require(
            part != .whole, "part", "to be `expansion` or `contraction`, a linear map",
            got: "`\(part.rawValue)`")
        for (key, value) in [("coverage", coverage), ("cosine", cosine)] {
            guard let value else { continue }
            try require(0..<1 ~= value, key, "to be from 0 to below 1", got: value)
        }
        try require(samples >= 16, "samples", "to be at least 16", got: samples)
        try require(edits >= 1, "edits", "to be at least 1", got: edits)
    }
}
