package import Torch

extension CausalModel {
    /// Runs everything below `seam`, and the unedited map there, without gradients.
    ///
    /// - Parameters:
    ///   - seam: where to stop: a linear map in one block's MLP.
    ///   - taps: maps at or below the seam whose inputs shall be kept.
    ///   - cache: keys and values of earlier tokens, to which this pass adds those of the blocks
    ///     it runs; nil for a pass of its own.
    /// - Throws: `ModelError` for a seam or tap that does not exist, a row beyond the context, an
    ///   unknown token.
    package func prefix(
        _ batch: TokenBatch, upTo seam: Site, taps: [Site] = [], cache: inout KeyValueCache?
    ) throws -> PrefixActivations {
        try configuration.validate(seam)
        for tap in taps {
            try configuration.validate(tap)
            guard tap <= seam else {
                throw ModelError(
                    "Taps must lie at or below the seam (\(seam)), but one is at \(tap); "
                        + "choose a lower site.")
            }
        }
        return try withoutGradients {
            try advance(batch, upTo: seam, taps: Set(taps), cache: &cache)
        }
    }

    /// `prefix` without a cache.
    package func prefix(
        _ batch: TokenBatch, upTo seam: Site, taps: [Site] = []
    ) throws -> PrefixActivations {
        var none: KeyValueCache?
        return try prefix(batch, upTo: seam, taps: taps, cache: &none)
    }

    /// `prefix` of a model that reads other embeddings, as causal tracing wants them.
    ///
    /// - Parameter change: what is added to the token embeddings, [B, T, D].
    package func prefix(
        _ batch: TokenBatch, upTo seam: Site, addingToEmbeddings change: Tensor
    ) throws -> PrefixActivations {
        try configuration.validate(seam)
        var none: KeyValueCache?
        return try withoutGradients {
            try advance(batch, upTo: seam, taps: [], change: change.to(dtype), cache: &none)
        }
    }

    /// Goes on from a seam to the top.
    ///
    /// - Parameter adaptation: asked at the seam and at every map above it.
    /// - Returns: the normalised hidden states, [B, T, D], for `logits`.
    package func suffix(
        _ prefix: PrefixActivations, adaptation: (any Adaptation)? = nil,
        cache: inout KeyValueCache?
    ) throws -> Tensor {
        try frame.finalNorm(
            run(prefix, adaptation: adaptation, keeping: nil, cache: &cache))  // [B, T, D]
    }

    /// `suffix` without a cache.
    package func suffix(
        _ prefix: PrefixActivations, adaptation: (any Adaptation)? = nil
    ) throws -> Tensor {
        var none: KeyValueCache?
        return try suffix(prefix, adaptation: adaptation, cache: &none)
    }

    /// `suffix` for those who want few of its positions: [N, D].
    ///
    /// Above the last attention no position needs another, so the rest of that block runs for the
    /// wanted ones alone.
    ///
    /// - Parameter positions: places in the flattened [B · T] rows, int64 [N].
    package func suffix(
        _ prefix: PrefixActivations, adaptation: (any Adaptation)?, at positions: Tensor
    ) throws -> Tensor {
        var none: KeyValueCache?
        let kept = try run(prefix, adaptation: adaptation, keeping: positions, cache: &none)
        return try frame.finalNorm(kept).squeezed(0)
    }

    /// The whole model, from tokens to normalised hidden states [B, T, D].
    ///
    /// It is a prefix and a suffix, so cutting elsewhere changes no bit of the result. Gradients
    /// reach every parameter that requires them.
    package func hidden(
        _ batch: TokenBatch, adaptation: (any Adaptation)? = nil, cache: inout KeyValueCache?
    ) throws -> Tensor {
        let first = Site(block: 0, part: .expansion)
        let prefix = try advance(batch, upTo: first, taps: [], cache: &cache)
        return try suffix(prefix, adaptation: adaptation, cache: &cache)
    }

    /// `hidden` without a cache.
    package func hidden(
        _ batch: TokenBatch, adaptation: (any Adaptation)? = nil
    ) throws -> Tensor {
        var none: KeyValueCache?
        return try hidden(batch, adaptation: adaptation, cache: &none)
    }
}

/// What stays the same for all blocks of one forward pass.
private struct Pass {
    let placement: Placement
    let adaptation: (any Adaptation)?
    /// Columns that came before.
    let start: Int
    var taps: Set<Site> = []

    func adapts(_ site: Site) -> Bool { adaptation?.adapts(site) ?? false }

    func adapts(block: Int) -> Bool {
        FeedForwardPart.allCases.contains { adapts(Site(block: block, part: $0)) }
    }
}

extension CausalModel {
    /// The frozen part, cut off at `seam`; gradients flow where they are wanted.
    private func advance(
        _ batch: TokenBatch, upTo seam: Site, taps: Set<Site>, change: Tensor? = nil,
        cache: inout KeyValueCache?
    ) throws -> PrefixActivations {
        let arrangement = Arrangement(lengths: batch.lengths, after: cache)
        try validate(batch, at: arrangement)
        let placement = try Placement(arrangement, configuration: configuration, device: device)
        cache?.admit(arrangement, blocks: blocks.count)
        let pass = Pass(
            placement: placement, adaptation: nil, start: arrangement.columnsBefore, taps: taps)
        var tapped: [Site: Tensor] = [:]

        var x = try embedded(batch, at: placement)  // [B, T, D]
        if let change { x = try x + change }
        for index in 0..<seam.block {
            x = try block(index, x, pass, tapping: &tapped, cache: &cache)
        }
        x = try attended(seam.block, x, placement, cache: &cache)

        let block = blocks[seam.block]
        var input = try block.normalized(x)  // [B, T, D]
        var output = try block.expansion(input)  // [B, T, F]
        var gate = try block.gate(input)  // [B, T, F] or nil
        let expansion = Site(block: seam.block, part: .expansion)
        if taps.contains(expansion) { tapped[expansion] = input }
        if seam.part != .expansion {
            let normalized = input
            input = try block.activated(output, gate: gate)  // [B, T, F]
            gate = nil
            output = try block.contraction(input)  // [B, T, D]
            let contraction = Site(block: seam.block, part: .contraction)
            if taps.contains(contraction) { tapped[contraction] = input }
            if seam.part == .whole { input = normalized }
            if taps.contains(seam) { tapped[seam] = input }
        }
        return PrefixActivations(
            seam: seam, residual: x, input: input, output: output, gate: gate, taps: tapped,
            arrangement: arrangement)
    }

    /// From a seam through the last block: [B, T, D], or [1, N, D] of the `positions` to be kept.
    private func run(
        _ prefix: PrefixActivations, adaptation: (any Adaptation)?, keeping positions: Tensor?,
        cache: inout KeyValueCache?
    ) throws -> Tensor {
        let placement = try Placement(
            prefix.arrangement, configuration: configuration, device: device)
        let pass = Pass(
            placement: placement, adaptation: adaptation, start: prefix.arrangement.columnsBefore)
        let last = blocks.count - 1
        // An adaptation wants to see whole rows.
        let isFree = prefix.seam.block < last && !pass.adapts(block: last)
        var x = try finished(prefix, pass)
        for index in (prefix.seam.block + 1)..<blocks.count {
            var taps: [Site: Tensor] = [:]
            x = try block(
                index, x, pass, keeping: isFree && index == last ? positions : nil,
                tapping: &taps, cache: &cache)
        }
        return try isFree ? x : x.kept(positions)
    }

    /// The rest of the seam's block.
    private func finished(_ prefix: PrefixActivations, _ pass: Pass) throws -> Tensor {
        let seam = prefix.seam
        let output = try adapted(seam, input: prefix.input, base: prefix.output, pass)
        switch seam.part {
        case .whole: return try prefix.residual + output
        case .contraction:
            // The whole MLP reads the normalised residual, which only those who adapt it need.
            guard pass.adapts(Site(block: seam.block, part: .whole)) else {
                return try prefix.residual + output
            }
            let normalized = try blocks[seam.block].normalized(prefix.residual)
            return try prefix.residual + mlp(seam.block, normalized, output, pass)
        case .expansion:
            let activated = try blocks[seam.block].activated(output, gate: prefix.gate)
            return try prefix.residual
                + mlp(seam.block, prefix.input, contracted(seam.block, activated, pass), pass)
        }
    }

    /// What the whole MLP gives for the normalised residual `h`, given what its maps give.
    private func mlp(_ index: Int, _ h: Tensor, _ output: Tensor, _ pass: Pass) throws -> Tensor {
        try adapted(Site(block: index, part: .whole), input: h, base: output, pass)
    }

    /// One whole block, [B, T, D] to [B, T, D], or to [1, N, D] of the `positions` to be kept.
    private func block(
        _ index: Int, _ x: Tensor, _ pass: Pass, keeping positions: Tensor? = nil,
        tapping taps: inout [Site: Tensor], cache: inout KeyValueCache?
    ) throws -> Tensor {
        let block = blocks[index]
        let x = try attended(index, x, pass.placement, keeping: positions, cache: &cache)
        let h = try block.normalized(x)  // [B, T, D]
        let site = Site(block: index, part: .expansion)
        let expanded = try adapted(site, input: h, base: block.expansion(h), pass)
        let activated = try block.activated(expanded, gate: block.gate(h))  // [B, T, F]
        if pass.taps.contains(site) { taps[site] = h }
        let next = Site(block: index, part: .contraction)
        if pass.taps.contains(next) { taps[next] = activated }
        let whole = Site(block: index, part: .whole)
        if pass.taps.contains(whole) { taps[whole] = h }
        return try x + mlp(index, h, contracted(index, activated, pass), pass)
    }

    private func contracted(_ index: Int, _ activated: Tensor, _ pass: Pass) throws -> Tensor {
        try adapted(
            Site(block: index, part: .contraction), input: activated,
            base: blocks[index].contraction(activated), pass)
    }

    private func adapted(
        _ site: Site, input: Tensor, base: Tensor, _ pass: Pass
    ) throws -> Tensor {
        guard let adaptation = pass.adaptation, adaptation.adapts(site) else { return base }
        return try adaptation.output(at: site, input: input, base: base, start: pass.start)
    }

    private func attended(
        _ index: Int, _ x: Tensor, _ placement: Placement, keeping positions: Tensor? = nil,
        cache: inout KeyValueCache?
    ) throws -> Tensor {
        var none: BlockMemory?
        guard cache != nil else {
            return try blocks[index].attended(
                x, at: placement, keeping: positions, memory: &none)
        }
        // In place: a copy of the block's memory would make it clone its storage.
        return try blocks[index].attended(
            x, at: placement, keeping: positions, memory: &cache!.blocks[index])
    }
}

extension Tensor {
    /// Some positions of the flattened rows, [B, T, D] to [1, N, D]; nil keeps all as they are.
    func kept(_ positions: Tensor?) throws -> Tensor {
        guard let positions else { return self }
        return try reshaped([1, -1, size(-1)]).selected(dim: 1, index: positions)
    }
}
