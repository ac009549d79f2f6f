extension ELDERConfig {
    /// The published method at the published place, or at the like of it in a smaller model:
    /// GPT2-XL 36–41 of 48 with the query at 35, LLaMA2-7B 21–26 of 32 with the query at 20, a
    /// GPT-2 of 12 blocks 5–10 with the query at 4. Models under eight blocks have fewer than six
    /// edited.
    ///
    /// `part` tells the families apart: expansion for GPT-2, contraction for LLaMA.
    ///
    /// - Throws: `EditError` for a model of one block, which has no room for query and edit.
    public static func paper(blocks: Int, part: Part) throws -> ELDERConfig {
        guard blocks >= 2 else {
            throw EditError(
                "ELDER needs a model of at least two blocks, one for the query and one to edit, "
                    + "not \(blocks); choose a deeper model.")
        }
        // GPT2-XL leaves 6 of 48 blocks above the last edited one, LLaMA2-7B 5 of 32.
        let above = part == .expansion ? blocks / 8 : blocks * 5 / 32
        let layers = min(6, blocks - above - 1)
        let first = blocks - above - layers
        return try ELDERConfig(
            firstBlock: first, layers: layers, part: part, queryBlock: first - 1)
    }

    /// What a user should run: the paper's mixture with a gate that defers, memory of earlier
    /// edits, scores that do not drift, and no step more than a batch needs (elder.md §9.2).
    ///
    /// - Throws: as `paper(blocks:part:)`.
    public static func `default`(blocks: Int, part: Part) throws -> ELDERConfig {
        var config = try paper(blocks: blocks, part: part)
        config.gate = .match
        config.routeSource = .match
        config.codeStorage = .refreshed
        config.renormalisesScores = true
        config.learningRate = 3e-3
        config.earlyStop = EarlyStop()
        config.replayRows = 28
        return config
    }
}
