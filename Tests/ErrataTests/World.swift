import Editing
import Edits
import Foundation
import Testing

@testable import Errata

/// The embedded model, its corrections, and a folder that is gone when the test is.
final class World: Sendable {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Models/world-gpt2").standardizedFileURL

    let folder = FileManager.default.temporaryDirectory
        .appending(path: "errata-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// ELDER in so few steps that it learns next to nothing, quickly.
    static let hasty = Editor.elder(.paper, replacing: ["steps": "2"])

    /// The embedded model's own corrections, of which the prompts alone are taught.
    static func edits(_ count: Int) throws -> [EditRecord] {
        let data = try Data(contentsOf: directory.appending(path: "edits.jsonl"))
        return try EditRecord.decode(jsonLines: data).prefix(count).map {
            var edit = $0
            (edit.rephrases, edit.locality) = ([], [])
            return edit
        }
    }

    static func options(threads: Int = 1) -> ModelOptions {
        var options = ModelOptions()
        options.threads = threads
        return options
    }

    func place(_ name: String) -> URL { folder.appending(path: name) }

    /// An edited model on disk that has learned nothing yet.
    func model(_ editor: Editor, named name: String = "edited") async throws -> EditableModel {
        let fresh = try EditableModel(
            opening: Self.directory, options: Self.options(), editor: editor)
        try await fresh.save(to: place(name))
        return try EditableModel(opening: place(name), options: Self.options())
    }
}

extension EditableModel {
    /// SHA-256 of everything the method knows.
    var digest: String { get throws { try adapters.method.state().digest() } }

    /// Learns each of `batches` as a transaction, whatever comes of it.
    func learn(_ batches: [[EditRecord]]) async throws {
        for batch in batches where !batch.isEmpty {
            try await apply(batch, options: .unchecked)
        }
    }
}
