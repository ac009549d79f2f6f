import EditStorage
import Edits
import Foundation
import Torch

/// The small file `errata.json` of an edited model: where its base stands. What the model was
/// taught lies in the log beside it.
struct SavedModel: Codable {
    static let fileName = "errata.json"

    var format = 2
    /// The base model's directory: on this machine, or, where it goes along, relative to this one.
    let base: String

    /// What `directory` holds; nil when it is no edited model.
    init?(in directory: URL) throws {
        let file = directory.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch {
            throw ErrataError(
                "\(file.path) is not the record of an edited model (\(error)); save it again.")
        }
        guard format == 2 else {
            throw ErrataError(
                "\(file.path): expected format 2, got \(format); use the Errata that wrote it.")
        }
    }

    init(base: URL) { self.base = base.standardizedFileURL.path }

    /// - Parameter base: a folder of the edited model's own directory.
    init(relativeBase base: String) { self.base = base }

    /// Where the base of the model in `directory` lies.
    func baseDirectory(in directory: URL) -> URL {
        base.hasPrefix("/") ? URL(filePath: base) : directory.appending(path: base)
    }

    /// - Throws: `ErrataError` unless `model` is the one the edits of a log were made for.
    func requireBase(_ model: BaseModel, of log: LogConfiguration) throws {
        try require("base model", log.baseDigest, model.digest())
        if let expected = log.tokenizerDigest {
            try require("tokenizer and chat template", expected, model.tokenizerDigest())
        }
    }

    private func require(_ what: String, _ expected: String, _ digest: String) throws {
        guard digest == expected else {
            throw ErrataError(
                "\(base): expected the \(what) the edits were made for (\(expected.prefix(12))"
                    + "…), got another (\(digest.prefix(12))…); put the original back.")
        }
    }

    func write(in directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(self)
        try writeAtomically(to: directory.appending(path: Self.fileName)) { try $0(json) }
    }
}

extension SavedModel {
    /// Where what is to become `directory` is written: beside it, and hidden.
    static func draft(of directory: URL) -> URL {
        let place = directory.standardizedFileURL
        return place.deletingLastPathComponent()
            .appending(path: ".\(place.lastPathComponent).draft-\(UUID().uuidString.prefix(8))")
    }

    /// Makes `directory`, whole or not at all, of a log that `write` writes; it lasts when this
    /// returns.
    func adopt(_ directory: URL, _ write: (URL) throws -> Void) throws {
        let place = directory.standardizedFileURL
        guard !FileManager.default.fileExists(atPath: place.path) else {
            throw ErrataError(
                "expected a new directory for the edited model, but \(directory.path) exists; "
                    + "choose another.")
        }
        let draft = Self.draft(of: place)
        defer { try? FileManager.default.removeItem(at: draft) }
        do {
            try makeFolder(place.deletingLastPathComponent())
            try write(draft)
            try self.write(in: draft)
            try publish(draft, as: place)
        } catch let error as CocoaError {
            throw ErrataError(
                "cannot write \(directory.path): \(error.localizedDescription); nothing was "
                    + "changed; make room or choose another directory.")
        }
    }
}
