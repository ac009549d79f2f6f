package import Torch

/// Rows that come and go and are decoded together: each step gives one more token to all of them,
/// whatever their lengths and whatever was decided for each.
///
/// A row has a *lane*, which is its row in every tensor here, from the moment it joins until it
/// leaves; a lane that was left is taken by the next row. All rows end at the same slot of the
/// cache, so that a step writes one column for everybody.
package struct DecodingBatch {
    private let model: CausalModel
    private var cache: KeyValueCache?
    private var lanes: [Lane] = []
    /// What all rows are adapted by; nil until it is made anew after somebody came or went.
    private var adaptation: JoinedAdaptation?

    fileprivate enum Lane {
        case free
        case taken((any Adaptation)?)
    }

    /// Slots that may stay empty in every row before the cache is made narrower: copying it all
    /// costs about as much as reading it that often.
    private static let spareSlots = 64

    /// A batch without rows.
    package init(_ model: CausalModel) { self.model = model }

    /// How many rows there are.
    package var count: Int { lanes.count(where: \.isTaken) }

    /// Takes in a row whose prompt has been read.
    ///
    /// - Parameters:
    ///   - prompt: keys and values of that row alone.
    ///   - adaptation: what was decided for it, of one row; nil for the unedited model.
    /// - Returns: its lane.
    package mutating func join(
        _ prompt: KeyValueCache, adaptation: (any Adaptation)?
    ) throws -> Int {
        let lane = lanes.firstIndex { !$0.isTaken } ?? lanes.count
        if lane == lanes.count {
            let more = max(1, lanes.count)
            lanes += Array(repeating: .free, count: more)
        }
        var joined = try cache ?? KeyValueCache(like: prompt)
        // Taken out, so that its storage has one owner and is written in place.
        cache = nil
        let slots = max(joined.slots, prompt.slots)
        if joined.rowCount != lanes.count || joined.slots != slots {
            try joined.rearrange(rows: lanes.count, slots: slots)
        }
        try joined.place(prompt, in: lane)
        cache = joined
        lanes[lane] = .taken(adaptation)
        self.adaptation = nil
        return lane
    }

    /// Lets a row go.
    package mutating func leave(_ lane: Int) {
        precondition(lanes[lane].isTaken, "lane \(lane) is free already")
        lanes[lane] = .free
        cache?.clear(lane)
        adaptation = nil
    }

    /// Reads one more token in each lane that has one: the scores of what follows, f32 [lanes, V].
    ///
    /// - Parameter tokens: the next token of every lane; nil where the lane is free.
    /// - Throws: what the engine throws; the batch is of no use then.
    package mutating func step(_ tokens: [Int?]) throws -> Tensor {
        try withoutGradients {
            try tidy()
            let adaptation = try adaptation ?? JoinedAdaptation(lanes.map(\.adaptation), model)
            self.adaptation = adaptation
            let padded = lanes.indices.map { $0 < tokens.count ? tokens[$0] : nil }
            let batch = try TokenBatch(next: padded, device: model.device)
            let hidden = try model.hidden(
                batch, adaptation: adaptation.isEmpty ? nil : adaptation, cache: &cache)
            return try model.logits(hidden.squeezed(1))
        }
    }

    /// Gives back what nobody needs: lanes at the end that are free, slots that are empty in all.
    private mutating func tidy() throws {
        guard let last = lanes.lastIndex(where: \.isTaken), var kept = cache else {
            (cache, lanes) = (nil, [])
            return
        }
        cache = nil
        let count = 2 * (last + 1) <= lanes.count ? last + 1 : lanes.count
        let longest = kept.lengths.max() ?? 0
        let slots = kept.slots - longest > Self.spareSlots ? longest : kept.slots
        if count < lanes.count || slots < kept.slots {
            lanes = Array(lanes.prefix(count))
            try kept.rearrange(rows: count, slots: slots)
            adaptation = nil
        }
        cache = kept
    }
}

extension DecodingBatch.Lane {
    fileprivate var isTaken: Bool { if case .taken = self { true } else { false } }

    fileprivate var adaptation: (any Adaptation)? {
        if case .taken(let adaptation) = self { adaptation } else { nil }
    }
}
