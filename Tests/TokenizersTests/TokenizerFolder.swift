import Foundation
import Tokenizers

/// A directory with a tokenizer's files, made for one test and removed with this value.
final class TokenizerFolder {
    let url: URL

    /// A new directory with these files.
    init(_ files: [String: String] = [:]) throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, text) in files { try write(Data(text.utf8), name) }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ data: Data, _ name: String) throws {
        try data.write(to: url.appending(path: name))
    }

    func load() throws -> any Tokenizer { try loadTokenizer(from: url) }

    /// The tokenizer that `files` make.
    static func load(_ files: [String: String]) throws -> any Tokenizer {
        try TokenizerFolder(files).load()
    }

    /// What loading `files` complains about.
    static func complaint(_ files: [String: String]) throws -> String {
        do {
            _ = try load(files)
            return "no error"
        } catch let error as TokenizerError {
            return error.message
        }
    }
}

/// A `tokenizer.json` with the given parts, each of them JSON.
func tokenizerFile(
    vocabulary: String, merges: String = "[]", options: String = "", parts: String...
) -> String {
    let model = #""model":{"type":"BPE","vocab":\#(vocabulary),"merges":\#(merges)\#(options)}"#
    return "{" + (parts + [model]).joined(separator: ",") + "}"
}
