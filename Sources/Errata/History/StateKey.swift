import Crypto
import Edits
import Foundation

/// Names what adapters have learned, in which order and how.
///
/// A chain of digests: of the configuration, then of each transaction's edits. Adapters under one
/// key are the same to the bit, so an undo that is undone finds what it had, and two chains share
/// what they have learned up to the point where they part.
struct StateKey: Equatable {
    let text: String

    /// Nothing learned yet.
    init(_ configuration: LogConfiguration) throws {
        // What an edit must pass does not change what is learned. The tokenizer does, but it is the
        // same for all of a log, and older logs do not have it.
        var learning = configuration
        learning.tokenizerDigest = nil
        learning.gate = GateConfiguration()
        learning.conflicts = .supersede
        text = try Self.digest(of: learning, after: "errata state 1")
    }

    private init(text: String) { self.text = text }

    /// The key after one more transaction.
    func after(_ edits: [EditRecord]) throws -> StateKey {
        StateKey(text: try Self.digest(of: edits, after: text))
    }

    private static func digest(of value: some Encodable, after text: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return SHA256.hash(data: Data(text.utf8) + [0x0A] + (try encoder.encode(value)))
            .hexadecimal
    }
}

extension Ledger {
    /// The keys before the first of `batches`, after it, after the second, and so on.
    func keys(along batches: [[Int]]) throws -> [StateKey] {
        var keys = [try StateKey(configuration!)]
        for batch in batches { keys.append(try keys.last!.after(records(batch))) }
        return keys
    }

    /// The corrections that these events accepted.
    func records(_ batch: [Int]) -> [EditRecord] { batch.map { entries[$0]!.record } }
}
