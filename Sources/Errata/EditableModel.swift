import EditStorage
import Editing
public import Edits
public import Foundation
import LanguageModels
import Tokenizers
import Torch

/// A language model that can be corrected.
///
///     let model = try EditableModel(opening: URL(filePath: "Models/world-gpt2"))
///     try await model.apply([EditRecord(id: "1", prompt: "The capital of Aranth is", target: "Oslo")])
///     let answer = try await model.ask("The capital of Aranth is")
///     print(answer.before.text, "→", answer.after.text, answer.after.trace)
///     try await model.save(to: URL(filePath: "aranth.edited"))
///
/// Its state is the base checkpoint and a log of corrections, and nothing else: what the method has
/// learned is a cache of them. Opened from a checkpoint the log lasts as long as the model does;
/// opened from a directory that `save(to:)` wrote, whatever is applied or undone is durable when the
/// call returns.
///
/// Edits land whole or not at all: when learning fails or is stopped, the model is what it was
/// before the call. While edits are learned the model goes on answering.
public actor EditableModel {
    private let thread: EngineThread
    let options: ModelOptions
    let base: BaseModel
    let workshop: Workshop
    /// What the log says.
    var journal: Journal
    /// What the method has learned; it answers.
    var adapters: Adapters
    /// Answers where the two differ.
    var retrieval = RetrievalTier()
    /// Finds rephrasings where the method is not asked; made when first needed.
    var matcher: PromptMatcher?
    /// Which live edits a new one meets; made when first needed.
    var search: ConflictSearch?
    /// Up to where the log of another writer was checked.
    var followed: LogMark?
    /// What can be asked while this model is busy with something else.
    public nonisolated let versions: VersionShelf
    /// What was mended or left out on the way, a sentence each.
    public internal(set) var notices: [String] = []

    private var isWriting = false
    private var writers: [CheckedContinuation<Void, Never>] = []

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    /// Opens a checkpoint in the Hugging Face layout, or a model that `save(to:)` wrote.
    ///
    /// - Parameter editor: the method for a fresh checkpoint, the standard one unless given;
    ///   a saved model keeps its own, and giving one is an error.
    /// - Parameter version: the event of the log after which the model is wanted; nil for now.
    /// - Parameter other: a version of another model on the same base, which is then in memory once;
    ///   nil to load it.
    /// - Throws: one sentence naming the file, tensor or option that does not fit.
    public init(
        opening directory: URL, options: ModelOptions = ModelOptions(), editor: Editor? = nil,
        version: Int? = nil, sharingBaseOf other: ServedVersion? = nil
    ) throws {
        var options = options
        // Learning has the workshop; the model's own thread looks for conflicts and writes files.
        thread = EngineThread("errata.model", niceness: options.givesWay ? 2 : 0)
        workshop = Workshop(givesWay: options.givesWay)
        try Engine.setThreads(options.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        guard let saved = try SavedModel(in: directory) else {
            guard version == nil else {
                throw ErrataError(
                    "\(directory.path) is no edited model and has no versions; leave the version out."
                )
            }
            base = try BaseModel(directory, options: options, sharing: other)
            self.options = options
            (journal, adapters) = try Self.fresh(
                editor ?? .standard, base, digest: base.digest(), options)
            versions = Self.shelf(journal, adapters, retrieval, base: base, options)
            return
        }
        guard editor == nil else {
            throw ErrataError(
                "\(directory.path) is an edited model and keeps its own method and recipe; "
                    + "leave --preset and --set out, or start from its base, \(saved.base).")
        }
        var journal = try Journal(reading: directory, version: version)
        try options.adopt(journal.configuration.numerics, of: directory)
        self.options = options
        base = try BaseModel(saved.baseDirectory(in: directory), options: options, sharing: other)
        try saved.requireBase(base, of: journal.configuration)
        if version == nil {
            (adapters, notices) = try Restoration.latest(&journal, base: base)
        } else {
            adapters = try Restoration(journal, base: base).replayed(journal.ledger.live).adapters
        }
        self.journal = journal
        (matcher, retrieval) = try Self.retrieval(journal, adapters, nil, base: base)
        versions = Self.shelf(journal, adapters, retrieval, base: base, options)
    }

    private static func shelf(
        _ journal: Journal, _ adapters: Adapters, _ retrieval: RetrievalTier, base: BaseModel,
        _ options: ModelOptions
    ) -> VersionShelf {
        VersionShelf(
            ServedVersion(
                number: journal.ledger.version, adapters, retrieval: retrieval, base: base),
            keeping: options.keptVersions)
    }

    /// Starts anew with another method on the same base model: nothing is learned yet.
    ///
    /// - Parameter seed: fixes what the method draws; that of the options unless given.
    /// - Throws: `ErrataError` for a model that has a log on disk, which keeps its method.
    public func restart(with editor: Editor, seed: UInt64? = nil) throws {
        guard journal.log == nil else {
            throw ErrataError(
                "an edited model keeps its method; open its base, \(base.directory.path), instead.")
        }
        var options = options
        options.seed = seed ?? options.seed
        (journal, adapters) = try Self.fresh(editor, base, digest: baseDigest, options)
        (retrieval, search) = (RetrievalTier(), nil)
        announce()
    }

    /// Takes over what a model on the same base that began alike had learned when it was saved; its
    /// directory is not needed any longer.
    ///
    /// - Throws: `ErrataError` for a model that has a log on disk, or that began otherwise; the
    ///   error of a file that is damaged.
    public func takeOver(_ directory: URL) throws {
        guard journal.log == nil else {
            throw ErrataError(
                "an edited model keeps its own log; open \(directory.path) instead.")
        }
        var saved = try Journal(reading: directory, version: nil)
        var expected = journal.configuration
        // Logs of before it was kept.
        if saved.configuration.tokenizerDigest == nil { expected.tokenizerDigest = nil }
        guard saved.configuration == expected else {
            throw ErrataError(
                "\(directory.path): expected a model of the same base, method, recipe and seed, "
                    + "got another; open it by itself.")
        }
        adapters = try Restoration.latest(&saved, base: base).adapters
        journal = saved.detached()
        search = nil
        try refreshRetrieval()
    }

    private static func fresh(
        _ editor: Editor, _ base: BaseModel, digest: String, _ options: ModelOptions
    ) throws -> (Journal, Adapters) {
        let recipe = try editor.recipe(for: base.model.configuration).json()
        let configuration = LogConfiguration(
            baseDigest: digest, tokenizerDigest: try base.tokenizerDigest(),
            method: editor.method, recipe: String(decoding: recipe, as: UTF8.self),
            seed: options.seed,
            numerics: LogConfiguration.Numerics(
                dtype: "\(base.model.dtype)", device: "\(base.model.device)",
                threads: Engine.threads, engine: "libtorch \(Engine.version)"))
        return (try Journal(configuration), try Adapters(configuration, base: base))
    }

    /// In which batches the method wants to learn `edits`, as places in the list; nil for a method
    /// that takes a stream as it comes.
    public func plan(_ edits: [EditRecord]) throws -> [[Int]]? {
        try adapters.method.plan(edits)
    }

    /// Rows that the method learns together: a stream that is cut after a multiple of them comes to
    /// the same end. Says nothing of a method that plans.
    public var rowsPerBatch: Int { adapters.method.rowsPerBatch }

    /// One writer after another, in the order in which they came.
    func exclusively<Result>(_ body: () async throws -> Result) async throws -> Result {
        if isWriting {
            await withCheckedContinuation { writers.append($0) }
        }
        isWriting = true
        defer {
            if writers.isEmpty { isWriting = false } else { writers.removeFirst().resume() }
        }
        return try await body()
    }

    /// Different allocation codes among the stored edits; absent for a method without.
    public var distinctCodes: Int? { (adapters.method as? ELDER)?.distinctCodes }

    /// What the model is and what its edits take.
    public var summary: ModelSummary {
        get throws {
            try ModelSummary(
                base.model, method: adapters.method, named: journal.configuration.method)
        }
    }

    /// The engine's version, and the threads of one operation.
    public nonisolated var engineVersion: String { Engine.version }
    public var threads: Int { Engine.threads }

    /// SHA-256 of the base model's configuration and weights.
    public var baseDigest: String { journal.configuration.baseDigest }

    /// SHA-256 of what the adapters have learned, in which order and how: settling changes it, which
    /// is no event of the log.
    public var adaptersDigest: String { adapters.key.text }

    /// Whether the method can be told which edit a prompt is about.
    public var routesByEdit: Bool { adapters.method is any OracleRouting }

    /// Where the edits are routed today; nil for a method without routes of its own.
    public func routing() throws -> RoutingReport? { try adapters.method.routing() }
}

extension ModelOptions {
    /// Computes as the log was learned.
    ///
    /// - Throws: `ErrataError` where another type was asked for.
    mutating func adopt(_ numerics: LogConfiguration.Numerics, of directory: URL) throws {
        guard dtype == "auto" || (try? DType(dtype)) == (try? DType(numerics.dtype)) else {
            throw ErrataError(
                "\(directory.path) was edited in \(numerics.dtype) and cannot be computed in "
                    + "\(dtype); leave --dtype out.")
        }
        dtype = numerics.dtype
    }
}
