import Torch

/// Where the rows of one forward pass stand, in plain numbers.
struct Arrangement: Equatable, Sendable {
    /// The position of each row's first token here.
    var starts: [Int]
    /// How many of each row's tokens here are real.
    var lengths: [Int]
    /// How many columns there are, T.
    var width: Int
    /// Which earlier slots each row may look at; nil where nothing came before.
    var past: [[Bool]]?

    /// Rows that begin here.
    init(lengths: [Int]) {
        starts = Array(repeating: 0, count: lengths.count)
        self.lengths = lengths
        width = lengths.max() ?? 0
    }

    /// Rows that go on where `cache` ends.
    init(lengths: [Int], after cache: KeyValueCache?) {
        self.init(lengths: lengths)
        guard let cache, cache.slots > 0 else { return }
        starts = cache.lengths
        past = cache.visible
    }

    /// How long each row is with its last token here.
    var ends: [Int] { zip(starts, lengths).map { $0 + $1 } }

    /// Columns that came before the first one here.
    var columnsBefore: Int { past?.first?.count ?? 0 }

    /// The same for a choice of rows.
    func rows(_ index: [Int]) -> Arrangement {
        var result = self
        result.starts = index.map { starts[$0] }
        result.lengths = index.map { lengths[$0] }
        result.past = past.map { past in index.map { past[$0] } }
        return result
    }

    /// The position of every token, [B][T], kept below `limit` where only padding stands.
    func positions(below limit: Int) -> [[Int]] {
        starts.map { start in (start..<start + width).map { min($0, limit - 1) } }
    }
}

/// Where the tokens of one forward pass stand and what each may look at, as tensors.
///
/// Made once per pass and handed to every block.
struct Placement {
    /// [1, T] where all rows begin at the beginning, else [B, T].
    let positions: Tensor
    /// Slots that may be looked at, bool [B, 1, T, S]; nil for the plain causal triangle, and for
    /// single tokens that may look at everything.
    let visible: Tensor?
    /// Whether attention is the plain causal triangle.
    let isCausal: Bool
    /// How far rotary positions turn each pair.
    let rotation: Rotation?

    init(_ arrangement: Arrangement, configuration: ModelConfiguration, device: Device) throws {
        let positions = try Self.positions(
            arrangement, below: configuration.maximumLength, device: device)
        self.positions = positions
        isCausal = arrangement.past == nil && arrangement.width > 1
        visible = try Self.visible(arrangement, device: device)
        rotation = try configuration.rotary.map {
            try Rotation(
                $0, positions: positions, lengths: arrangement.ends, configuration: configuration)
        }
    }

    private static func positions(
        _ arrangement: Arrangement, below limit: Int, device: Device
    ) throws -> Tensor {
        guard arrangement.past != nil else {
            return try Tensor.arange(0..<arrangement.width, device: device).unsqueezed(0)
        }
        let positions = arrangement.positions(below: limit)
        return try Tensor(
            positions.flatMap(\.self), shape: [positions.count, arrangement.width], device: device)
    }

    /// What each token may look at when there is a past that hides something from it.
    private static func visible(_ arrangement: Arrangement, device: Device) throws -> Tensor? {
        let width = arrangement.width
        guard let past = arrangement.past,
            width > 1 || !past.allSatisfy({ $0.allSatisfy(\.self) })
        else { return nil }
        let slots = past[0].count + width
        var mask: [Bool] = []
        mask.reserveCapacity(past.count * width * slots)
        for row in past {
            for query in 0..<width {
                mask += row
                mask += (0..<width).map { $0 <= query }
            }
        }
        return try Tensor(mask, shape: [past.count, 1, width, slots], device: device)
    }

    /// What each token may not look at, for attention spelled out: bool [B or 1, 1, T, S].
    func hidden() throws -> Tensor? {
        if let visible { return try visible.logicalNot() }
        guard isCausal else { return nil }
        let row = try Tensor.arange(0..<positions.size(1), device: positions.device)
        return try row.unsqueezed(1).isLess(than: row.unsqueezed(0))  // [T, T]
    }
}
