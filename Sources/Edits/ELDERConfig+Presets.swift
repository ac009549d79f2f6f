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

    /// What a user should run. Against the paper's recipe:
    ///
    /// - a gate that defers: words and meaning decide, not codes, which accept nearly everything;
    /// - many small experts, pre-assigned by fact and taken from the matched edit, so that edits
    ///   hardly meet in one expert and no later edit moves a route; routers and guidance rest;
    /// - earlier edits are rehearsed beside new ones, and a batch is done when fresh samples of
    ///   them are still known and every target token leads by a margin.
    ///
    /// - Throws: as `paper(blocks:part:)`.
    public static func `default`(blocks: Int, part: Part) throws -> ELDERConfig {
        var config = try paper(blocks: blocks, part: part)
        config.experts = 64
        config.rank = 4
        config.alpha = 4
        config.guidance = .off
        config.allocation = .fact
        config.codeStorage = .allocation
        config.routeSource = .allocation
        config.gate = .match
        config.batchSize = 8
        config.learningRate = 3e-3
        config.earlyStop = EarlyStop(every: 5, margin: 2)
        config.replayRows = 24
        return config
    }
}
