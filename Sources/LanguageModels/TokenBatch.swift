package import Torch

/// Rows of token ids, padded on the right to one length.
///
/// Causal attention makes padding harmless: no real token ever looks at what stands to its right.
package struct TokenBatch {
    /// The ids, int64, [B, T].
    package let tokens: Tensor
    /// How many of each row's tokens are real.
    package let lengths: [Int]
    /// The largest id, which the model checks against its vocabulary.
    let largest: Int

    /// How many rows there are, B.
    package var count: Int { lengths.count }
    /// The longest row's length, T.
    package var width: Int { lengths.max() ?? 0 }
}

extension TokenBatch {
    /// - Throws: `ModelError` when there is no row, or a row without tokens or with a negative id.
    package init(_ rows: [[Int]], padding: Int = 0, device: Device = .cpu) throws {
        guard !rows.isEmpty, rows.allSatisfy({ !$0.isEmpty }) else {
            throw ModelError(
                "A batch needs at least one row and each row at least one token, but a row is "
                    + "empty; leave it out or give it a token such as the beginning-of-text one.")
        }
        let width = rows.map(\.count).max()!
        let padded = rows.flatMap { $0 + Array(repeating: padding, count: width - $0.count) }
        guard padded.allSatisfy({ $0 >= 0 }) else {
            throw ModelError(
                "Token ids start at 0, but \(padded.min()!) came; check the tokenizer.")
        }
        self.init(
            tokens: try Tensor(padded, shape: [rows.count, width], device: device),
            lengths: rows.map(\.count), largest: padded.max()!)
    }

    /// One more token for each row; nil for a row that has ended.
    init(next tokens: [Int?], device: Device) throws {
        let ids = tokens.map { $0 ?? 0 }
        self.init(
            tokens: try Tensor(ids, shape: [ids.count, 1], device: device),
            lengths: tokens.map { $0 == nil ? 0 : 1 }, largest: ids.max() ?? 0)
    }
}
