import Editing
public import Foundation
import LanguageModels
import Tokenizers
import Torch

/// What a small model is made of, and how it is trained from nothing.
public struct PretrainingOptions: Codable, Sendable, Equatable {
    /// Whose architecture: `gpt2` or `llama`.
    public var family: String
    /// Transformer blocks; ELDER edits six of them, below which it needs a few more.
    public var blocks: Int
    /// The residual stream's width.
    public var width: Int
    /// Attention heads; they divide the width.
    public var heads: Int
    /// The most tokens of a row.
    public var contextLength: Int
    /// Updates of the weights.
    public var steps: Int
    /// Tokens of a batch, padding included.
    public var batchTokens: Int
    /// The highest learning rate.
    public var learningRate: Double
    /// What the passes compute in: `f32` or `bf16`; the weights being trained stay in f32.
    public var dtype: String
    /// What the file holds in the end: `f16`, `bf16` or `f32`.
    public var storedDtype = "f16"
    /// Where: `cpu`, `cuda:0`, `mps`.
    public var device = "cpu"
    /// Threads of one operation; absent for all cores.
    public var threads: Int?
    /// Fixes the first weights and the order of the rows.
    public var seed: UInt64

    /// The recipe of the embedded model.
    public init() {
        let config = PretrainingConfig()
        family = config.family.rawValue
        blocks = config.blocks
        width = config.width
        heads = config.heads
        contextLength = config.contextLength
        steps = config.steps
        batchTokens = config.batchTokens
        learningRate = config.learningRate
        dtype = config.dtype.shortName
        seed = config.seed
    }

    /// Checks what can be checked before a file is opened.
    ///
    /// - Throws: one sentence naming the first value that cannot be.
    public func validate() throws {
        do {
            try Device(device).requireAvailable()
            guard [.float32, .bfloat16].contains(try DType(dtype)) else {
                throw ErrataError("expected to train in f32 or bf16, got \(dtype); choose one.")
            }
            guard [.float32, .bfloat16, .float16].contains(try DType(storedDtype)) else {
                throw ErrataError(
                    "expected to store f32, bf16 or f16, got \(storedDtype); choose one.")
            }
            _ = try config()
        } catch let error as TorchError {
            throw ErrataError(error.message)
        }
    }

    /// The same in the trainer's own terms.
    func config() throws -> PretrainingConfig {
        var config = PretrainingConfig()
        guard let family = ModelFamily(rawValue: family) else {
            let known = ModelFamily.allCases.map(\.rawValue).joined(separator: " or ")
            throw ErrataError("expected a model of family \(known), got \(self.family).")
        }
        config.family = family
        config.blocks = blocks
        config.width = width
        config.heads = heads
        config.contextLength = contextLength
        config.steps = steps
        config.batchTokens = batchTokens
        config.learningRate = learningRate
        config.dtype = try DType(dtype)
        config.seed = seed
        try config.validate()
        return config
    }
}

/// How far training has come.
public struct PretrainingStep: Sendable {
    public let step: Int
    public let steps: Int
    /// Mean cross-entropy per token of the latest batch, in nats.
    public let loss: Double
}

/// What training gave.
public struct PretrainingReport: Codable, Sendable, Equatable {
    /// Facts answered right at every token, the end mark included.
    public struct Count: Codable, Sendable, Equatable {
        public let right: Int
        public let total: Int
        /// Between 0 and 1.
        public var share: Double { total == 0 ? 0 : Double(right) / Double(total) }
    }

    public let rows: Int
    public let parameters: Int
    /// Size of the written weights.
    public let bytes: Int
    public let steps: Int
    /// Seconds of training alone.
    public let seconds: Double
    /// Of the last batch, per token, in nats.
    public let loss: Double
    /// What the model knows, by each fact's `group`; as read back from the file.
    public let recall: [String: Count]
    /// Over all groups.
    public let overall: Count
}

/// Trains a small GPT-2 or LLaMA from nothing; nothing is written before it has learned everything.
///
/// - Parameters:
///   - corpus: JSON lines of `{"prompt", "target", "group"?}` and `{"text"}`.
///   - tokenizer: a directory with the tokenizer's files, which are copied beside the weights.
///   - output: where the checkpoint goes, in the Hugging Face layout.
///   - onProgress: called after each step; an error thrown from it stops the training.
///   - onSave: called before the first byte is written; an error thrown from it stops that, too.
/// - Throws: the first fault of corpus, tokenizer, options or disk, in one sentence.
public func pretrain(
    corpus: URL, tokenizer folder: URL, output: URL,
    options: PretrainingOptions = PretrainingOptions(),
    onProgress: (PretrainingStep) throws -> Void = { _ in }, onSave: () throws -> Void = {}
) throws -> PretrainingReport {
    try Engine.setThreads(options.threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let stored = try DType(options.storedDtype)
    let device = try Device(options.device)
    try device.requireAvailable()
    let tokenizer = try loadTokenizer(from: folder)
    let rows = try PretrainingRow.read(from: corpus)
    var training = try Pretraining(
        rows, tokenizer: tokenizer, config: options.config(), device: device)
    try requireRoom(training.model.parameterCount * stored.byteCount, at: output)

    let clock = ContinuousClock()
    let start = clock.now
    var loss = 0.0
    try training.run {
        loss = $0.loss
        try onProgress(PretrainingStep(step: $0.step, steps: $0.steps, loss: loss))
    }
    let seconds = (clock.now - start).inSeconds
    try onSave()
    try training.model.save(to: output, dtype: stored)
    try copyTokenizer(from: folder, to: output)

    // Read back, so that what is reported is what others will get.
    let model = try CausalModel.load(from: output, dtype: .float32, device: device)
    let recall = try Recall(of: rows, in: model, tokenizer: tokenizer)
    return PretrainingReport(
        rows: rows.count, parameters: model.parameterCount,
        bytes: model.parameterCount * stored.byteCount, steps: options.steps, seconds: seconds,
        loss: loss, recall: recall.groups.mapValues(PretrainingReport.Count.init),
        overall: PretrainingReport.Count(recall.overall))
}

extension PretrainingReport.Count {
    fileprivate init(_ count: Recall.Count) {
        self.init(right: count.right, total: count.total)
    }
}

/// Training is long, so a disk that is too small is named before it, not after.
private func requireRoom(_ bytes: Int, at directory: URL) throws {
    var place = directory.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
        place = place.deletingLastPathComponent()
    }
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: place.path)
    guard let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue, free < bytes else {
        return
    }
    throw ErrataError(
        "\(directory.path) has room for \(free) bytes, but the weights take \(bytes); make room or "
            + "choose another directory.")
}

private func copyTokenizer(from folder: URL, to output: URL) throws {
    guard folder.standardizedFileURL != output.standardizedFileURL else { return }
    for name in BaseModel.tokenizerFiles {
        let source = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: source.path) else { continue }
        let data = try Data(contentsOf: source)
        try writeAtomically(to: output.appending(path: name)) { try $0(data) }
    }
}
