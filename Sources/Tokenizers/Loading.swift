package import Foundation

/// The tokenizer in a Hugging Face directory: its `tokenizer.json`, or GPT-2's `vocab.json` and
/// `merges.txt`, with the `added_tokens.json` beside them; `tokenizer_config.json`, where present,
/// names the special tokens.
///
/// - Throws: `TokenizerError` for missing files, malformed JSON and components this project lacks.
package func loadTokenizer(from directory: URL) throws -> any Tokenizer {
    let config = try directory.component("tokenizer_config.json")
    if let file = try directory.component("tokenizer.json") {
        return BPETokenizer(try BPETokenizer.Parts(file, config: config))
    }
    guard let vocabulary = try directory.component("vocab.json"),
        let merges = try directory.bytes(of: "merges.txt")
    else {
        throw TokenizerError(
            "\(directory.path) has no tokenizer: expected tokenizer.json, or vocab.json and "
                + "merges.txt; copy the tokenizer's files beside the model.")
    }
    let added = try directory.component("added_tokens.json")
    return BPETokenizer(
        try BPETokenizer.Parts(vocabulary, merges: merges, config: config, added: added))
}

extension URL {
    /// The bytes of a file in this directory, nil when there is none.
    fileprivate func bytes(of name: String) throws -> [UInt8]? {
        let file = appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            return Array(try Data(contentsOf: file))
        } catch {
            throw TokenizerError(
                "\(file.path) cannot be read (\(error.localizedDescription)); "
                    + "check that it is a file and its permissions.")
        }
    }

    /// The JSON of a file in this directory, nil when there is none.
    fileprivate func component(_ name: String) throws -> Component? {
        guard let bytes = try bytes(of: name) else { return nil }
        let place = appendingPathComponent(name).path
        let json = try JSONParser.parse(bytes, name: place)
        guard json.members != nil else {
            throw TokenizerError(
                "\(place) should hold a JSON object, not \(json.kind); copy the file again.")
        }
        return Component(json: json, place: place)
    }
}
