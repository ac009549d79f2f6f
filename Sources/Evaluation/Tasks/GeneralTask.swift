package import Foundation

/// A task that shows whether an edited model still does what it did (evaluation.md §4): zero-shot,
/// greedy, with the prompts of Gu et al. 2024, their misspellings included.
package enum GeneralTask: String, Codable, Sendable, CaseIterable {
    case gsm8k, rte, nq, boolq, mutual, samsum, conll03, sst2

    /// The task called `name`.
    ///
    /// - Throws: `EvaluationError` with the names that exist.
    package init(name: String) throws {
        guard let task = Self(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw EvaluationError("The task `\(name)` is unknown; expected one of \(names).")
        }
        self = task
    }

    /// What tables call it.
    package var title: String {
        switch self {
        case .gsm8k: "GSM8K"
        case .rte: "RTE"
        case .nq: "NQ"
        case .boolq: "BoolQ"
        case .mutual: "MuTual"
        case .samsum: "SAMSum"
        case .conll03: "CoNLL03"
        case .sst2: "SST-2"
        }
    }

    /// The most tokens of a continuation.
    package var maximumTokens: Int {
        switch self {
        case .rte, .boolq, .mutual, .sst2: 1
        case .gsm8k: 5
        case .conll03: 10
        case .nq: 20
        case .samsum: 25
        }
    }

    /// Where its released file lies in a folder of all tasks; MuTual's is a folder of its own.
    package var path: String {
        switch self {
        case .gsm8k: "gsm8k/test-reasoning.jsonl"
        case .rte: "rte/test-NLI.tsv"
        case .nq: "nq/test-OpenDomainQA.jsonl"
        case .boolq: "boolq/dev.jsonl"
        case .mutual: "mutual/test-dialogue"
        case .samsum: "samsum/test-summarization.json"
        case .conll03: "conll03/test.txt"
        case .sst2: "sst2/test-SentimentAnalysis.tsv"
        }
    }

    /// What is asked about each record of a file in the released format.
    ///
    /// - Throws: `EvaluationError` with a clause that names the line or the record.
    package func records(in data: Data) throws -> [[Question]] {
        switch self {
        case .gsm8k: try Self.gsm8k(data)
        case .rte: try Self.rte(data)
        case .nq: try Self.nq(data)
        case .boolq: try Self.boolq(data)
        case .mutual: try Self.mutual(data)
        case .samsum: try Self.samsum(data)
        case .conll03: try Self.conll03(data)
        case .sst2: try Self.sst2(data)
        }
    }
}
