import Edits
import LanguageModels
import Torch

/// Deals rows out in batches of about equal length, in an order that only the seed decides.
///
/// Widths come from a short list: every new shape costs the engine a kernel in bf16, and facts are
/// far shorter than the context. A bucket that is not full when the rows run out keeps what it
/// holds for the next round, so all batches of one width have one shape.
struct LengthBuckets {
    private static let widths = [8, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128]

    private let widths: [Int]  // one per row
    private let batchTokens: Int
    private var random: SplitMix64
    private var waiting: [Int: [Int]] = [:]
    private var ready: [[Int]] = []

    /// - Parameters:
    ///   - lengths: how many tokens each row feeds to the model.
    ///   - batchTokens: tokens of a batch, padding included.
    init(lengths: [Int], batchTokens: Int, seed: UInt64) {
        precondition(!lengths.isEmpty, "buckets need rows")
        widths = lengths.map { length in Self.widths.first { $0 >= length } ?? length }
        self.batchTokens = batchTokens
        random = SplitMix64(seed: seed)
    }

    /// The next batch: indices of rows, and the width to pad them to.
    mutating func next() -> (rows: [Int], width: Int) {
        while ready.isEmpty { deal() }
        let rows = ready.removeLast()
        return (rows, widths[rows[0]])
    }

    /// Puts every row into its bucket once, and takes the full buckets out.
    private mutating func deal() {
        for row in random.shuffled(Array(widths.indices)) {
            let width = widths[row]
            waiting[width, default: []].append(row)
            guard waiting[width]!.count >= max(1, batchTokens / width) else { continue }
            ready.append(waiting.removeValue(forKey: width)!)
        }
        ready = random.shuffled(ready)
    }
}

/// Inputs and what follows each of them, padded on the right.
struct PretrainingBatch {
    let tokens: TokenBatch  // [B, T]
    /// The next token at every position, `ignored` where there is padding: [B · T].
    let labels: Tensor
    static let ignored = -100

    init(_ rows: [TokenRow], width: Int, device: Device) throws {
        let inputs = rows.map { row in
            row.tokens.dropLast()
                + Array(repeating: row.tokens.last!, count: width - row.tokens.count + 1)
        }
        let next = rows.flatMap { row in
            row.tokens.dropFirst()
                + Array(repeating: Self.ignored, count: width - row.tokens.count + 1)
        }
        tokens = try TokenBatch(inputs, device: device)
        labels = try Tensor(next, shape: [next.count], device: device)
    }
}
