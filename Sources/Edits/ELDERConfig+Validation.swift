extension ELDERConfig {
    /// Checks that the values make sense together; called by every initialiser, and to be called
    /// after changing a property.
    ///
    /// - Throws: `EditError` for the first value that does not.
    public func validate() throws {
        try validateSites()
        try validateMixture()
        try validateTraining()
        try validateDeferral()
    }

    /// Checks that a model of `count` blocks has the edited ones.
    ///
    /// - Throws: `EditError` where it has not.
    public func validate(againstBlocks count: Int) throws {
        guard blocks.upperBound <= count else {
            throw EditError(
                "The config edits blocks \(firstBlock) to \(blocks.upperBound - 1), but the model "
                    + "has blocks 0 to \(count - 1); lower `firstBlock` or `layers`.")
        }
    }

    private func validateSites() throws {
        try require(layers >= 1, "layers", "at least 1", "\(layers)")
        try require(queryBlock >= 0, "queryBlock", "at least 0", "\(queryBlock)")
        // A query at an edited map would lose that map's LoRA and no longer be a constant.
        try require(
            queryBlock < firstBlock, "queryBlock", "below `firstBlock` (\(firstBlock))",
            "\(queryBlock)")
        // Only a shared query is a constant that can be kept and routed again.
        try require(
            query == .shared || (codeStorage != .refreshed && routeSource == .prompt), "query",
            "`shared` where codeStorage is `refreshed` or routeSource is not `prompt`",
            "`\(query.rawValue)`")
    }

    private func validateMixture() throws {
        try require(experts >= 1, "experts", "at least 1", "\(experts)")
        try require(
            1...max(experts, 1) ~= active, "active", "from 1 to `experts` (\(experts))",
            "\(active)")
        try require(rank >= 1, "rank", "at least 1", "\(rank)")
        try require(alpha > 0 && alpha.isFinite, "alpha", "above 0", "\(alpha)")
        try require(
            initialScale > 0 && initialScale.isFinite, "initialScale", "above 0",
            "\(initialScale)")
    }

    private func validateTraining() throws {
        try require(
            guidanceWeight >= 0 && guidanceWeight.isFinite, "guidanceWeight", "at least 0",
            "\(guidanceWeight)")
        let needsCodes =
            guidance == .allocation || trainingRouting == .allocation
            || codeStorage == .allocation || routeSource == .allocation
        try require(
            allocation != .unassigned || !needsCodes, "allocation",
            "`label` or `fact`, because guidance, trainingRouting, codeStorage or routeSource use the "
                + "pre-assigned codes", "`unassigned`")
        try require(batchSize >= 1, "batchSize", "at least 1", "\(batchSize)")
        try require(steps >= 1, "steps", "at least 1", "\(steps)")
        try require(
            learningRate > 0 && learningRate.isFinite, "learningRate", "above 0",
            "\(learningRate)")
        try require(replayRows >= 0, "replayRows", "at least 0", "\(replayRows)")
        try require(replaySteps >= 1, "replaySteps", "at least 1", "\(replaySteps)")
        if let decay = learningRateDecay {
            try require(
                decay.every >= 1, "learningRateDecay.every", "at least 1", "\(decay.every)")
            try require(
                decay.factor > 0 && decay.factor <= 1, "learningRateDecay.factor",
                "above 0 and at most 1", "\(decay.factor)")
        }
        if let stop = earlyStop {
            try require(stop.every >= 1, "earlyStop.every", "at least 1", "\(stop.every)")
            try require(
                stop.margin >= 0 && stop.margin.isFinite, "earlyStop.margin", "at least 0",
                "\(stop.margin)")
        }
    }

    private func validateDeferral() throws {
        try require(hammingThreshold >= 0, "hammingThreshold", "at least 0", "\(hammingThreshold)")
        try require(
            routeSource == .prompt || gate == .match, "routeSource",
            "`prompt`, because the gate `code` matches no stored prompt",
            "`\(routeSource.rawValue)`")
        try require(
            matchGate.samples >= 16, "matchGate.samples", "at least 16", "\(matchGate.samples)")
        for (key, value) in [("coverage", matchGate.coverage), ("cosine", matchGate.cosine)] {
            guard let value else { continue }
            try require(0..<1 ~= value, "matchGate.\(key)", "from 0 to below 1", "\(value)")
        }
    }

    private func require(
        _ holds: Bool, _ key: String, _ expected: String, _ value: String
    ) throws {
        if !holds {
            throw EditError("Config key `\(key)` must be \(expected), not \(value).")
        }
    }
}
