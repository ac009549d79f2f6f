import Foundation

/// The files of a base model beside its weights.
extension BaseModel {
    /// A tokenizer's files, and the chat template.
    static let tokenizerFiles = [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "merges.txt",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
        "chat_template.json",
    ]

    private static let companions =
        tokenizerFiles + ["generation_config.json", "LICENSE", "LICENSE.md", "LICENSE.txt"]

    /// Copies what belongs to a checkpoint beside configuration and weights.
    func copyCompanions(to folder: URL) throws {
        try copy(Self.companions, to: folder)
    }

    /// Copies the whole checkpoint, byte for byte.
    func copyAll(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let weights = try Self.weightFiles(in: directory).map(\.lastPathComponent)
        try copy(["config.json", "model.safetensors.index.json"] + weights, to: folder)
        try copyCompanions(to: folder)
    }

    /// What the base model calls itself, or else its directory.
    var name: String {
        let data = try? Data(contentsOf: directory.appending(path: "config.json"))
        let object = data.flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }
        let name = object?["_name_or_path"] as? String ?? ""
        return name.isEmpty ? directory.standardizedFileURL.lastPathComponent : name
    }

    private func copy(_ names: [String], to folder: URL) throws {
        for name in names {
            // A file may be a link into a cache, which does not travel.
            let source = directory.appending(path: name).resolvingSymlinksInPath()
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: folder.appending(path: name))
        }
    }
}
