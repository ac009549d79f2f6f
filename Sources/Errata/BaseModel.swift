import Crypto
import Edits
import Foundation
import LanguageModels
import Tokenizers
import Torch

/// A frozen checkpoint with its tokenizer.
struct BaseModel {
    let directory: URL
    let model: CausalModel
    let tokenizer: any Tokenizer
    let chat: ChatFormat

    /// - Parameter other: what stands on the same base already; another one is not shared.
    init(_ directory: URL, options: ModelOptions, sharing other: ServedVersion?) throws {
        if let other = other?.base, try other.isOne(in: directory, options: options) {
            self = other
            return
        }
        try self.init(directory, options: options)
    }

    /// Whether this is what would be loaded.
    private func isOne(in directory: URL, options: ModelOptions) throws -> Bool {
        try self.directory.standardizedFileURL == directory.standardizedFileURL
            && model.dtype == Self.dtype(options.dtype, for: directory)
            && model.device == Device(options.device)
    }

    init(_ directory: URL, options: ModelOptions) throws {
        self.directory = directory
        // The small files first: their faults are found at once.
        _ = try CausalModel.configuration(in: directory)
        tokenizer = try loadTokenizer(from: directory)
        chat = ChatFormat(in: directory, tokenizer: tokenizer)
        let device = try Device(options.device)
        model = try CausalModel.load(
            from: directory, dtype: Self.dtype(options.dtype, for: directory), device: device)
        guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
            throw ErrataError(
                "\(directory.path): expected a tokenizer of at most "
                    + "\(model.configuration.vocabularySize) tokens, the model's vocabulary, got "
                    + "\(tokenizer.vocabularySize); use the tokenizer the model was trained with.")
        }
    }

    /// `auto` is bf16 from a billion parameters on, f32 below.
    static func dtype(_ text: String, for directory: URL) throws -> DType {
        guard text == "auto" else { return try DType(text) }
        let parameters = try CausalModel.parameterCount(in: directory)
        return parameters >= 1_000_000_000 ? .bfloat16 : .float32
    }

    /// SHA-256 over the configuration and all weights, in the order of their names.
    func digest() throws -> String {
        var hash = SHA256()
        let files =
            [directory.appending(path: "config.json")]
            + (try Self.weightFiles(in: directory))
        for file in files {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            while let data = try handle.read(upToCount: 1 << 22), !data.isEmpty {
                hash.update(data: data)
            }
        }
        return hash.finalize().hexadecimal
    }

    /// SHA-256 over the tokenizer's files and the chat template, each with its name and its size, as
    /// far as they are there.
    func tokenizerDigest() throws -> String {
        var hash = SHA256()
        for name in Self.tokenizerFiles {
            let file = directory.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let data = try Data(contentsOf: file)
            hash.update(data: Data("\(name) \(data.count)\n".utf8))
            hash.update(data: data)
        }
        return hash.finalize().hexadecimal
    }

    static func weightFiles(in directory: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: directory, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "safetensors" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
