import Editing
public import Foundation

/// What an edited model can be handed on as.
public enum ExportFormat: String, Codable, Sendable, CaseIterable {
    /// A directory that Errata opens anywhere: base, log, and what was learned.
    case errata
    /// Adapters for PyPI's `peft`, one for each route that edits take, with an index.
    case peft
    /// A checkpoint in the Hugging Face layout with the edits in its weights.
    case merged
}

/// What of a model is exported, and how.
public struct ExportOptions: Sendable, Equatable {
    /// Identifiers or events of the edits to export; empty for all that hold. Adapters alone can be
    /// exported by edit.
    public var edits: [String] = []
    /// What the weights of a merged checkpoint are stored in, `f32`, `bf16` or `f16`; absent for
    /// what each tensor of the base is stored in.
    public var storedDtype: String?
    /// Texts of the model's own that are compared beside the edits.
    public var unrelatedTexts = 16
    /// The most tokens of a compared answer.
    public var maximumTokens = 16

    public init() {}
}

/// An export that is written and not yet proven, for somebody else to read.
public struct ExportDraft: Sendable {
    /// What is to become the export.
    public let folder: URL
    public let format: ExportFormat
    /// The unedited checkpoint.
    public let base: URL
    /// What the base computes in: `float32`, `bfloat16`.
    public let dtype: String
    /// Prompts with what Errata answers, as safetensors: for case i `i.tokens`, of the prompt and the
    /// answer, int64, and `i.scores`, the scores of each token of the answer and the one after it,
    /// float32 [n + 1, V]. The key `cases` of its metadata is a JSON list that says of each
    /// its `prompt`, its `prompt_tokens` and, where one is to be used, its `adapter`, a folder.
    public let cases: URL
}

/// Reads a draft with other software, and says how far its scores are from Errata's.
public typealias ExportCheck = @Sendable (ExportDraft) throws -> ExportReading

/// What somebody found who read an export.
public struct ExportReading: Codable, Sendable {
    /// Who: `peft 0.21.2, transformers 5.23.0`.
    public var reader: String
    /// One for each case, in their order.
    public var cases: [Case]

    public struct Case: Codable, Sendable, Equatable {
        /// The largest difference of two scores.
        public var difference: Double
        /// The largest score, without its sign.
        public var largest: Double
        /// Where the two choose different tokens: by how much Errata's choice led; absent where
        /// they choose the same.
        public var lead: Double?
        /// Whether the reader's tokenizer gives the prompt the same tokens; absent where it was not
        /// asked.
        public var hasSameTokens: Bool?

        init(_ discrepancy: Discrepancy) {
            difference = discrepancy.difference
            largest = discrepancy.largest
            lead = discrepancy.lead
        }
    }
}

/// What an export left.
public struct ExportReport: Codable, Sendable {
    public var format: ExportFormat
    /// Edits that are in it.
    public var edits: Int
    /// Folders of adapters; absent for other formats.
    public var adapters: Int?
    /// Edits that the model itself leaves to the unedited model, so that no adapter gives them.
    public var deferred: [String] = []
    /// Bytes of all files.
    public var bytes: Int
    public var parity: ParityReport
}

/// An export that does not answer as the model does; nothing of it was kept.
public struct ParityFailure: Error, CustomStringConvertible, LocalizedError {
    public let description: String
    public let report: ParityReport

    public var errorDescription: String? { description }
}
