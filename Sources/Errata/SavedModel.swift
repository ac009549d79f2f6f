import EditStorage
import Foundation
import Torch

/// The small file `errata.json` of an edited model: where its base stands. What the model was
/// taught lies in the log beside it.
struct SavedModel: Codable {
    static let fileName = "errata.json"

    var format = 2
    /// The base model's directory on this machine.
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

    /// - Throws: `ErrataError` unless `model` is the one the edits were made for.
    func requireBase(_ model: BaseModel, digest expected: String) throws {
        let digest = try model.digest()
        guard digest == expected else {
            throw ErrataError(
                "\(base): expected the base model the edits were made for (\(expected.prefix(12))"
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
