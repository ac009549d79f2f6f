import Crypto
import Editing
import Foundation
import Torch

/// An edited model on disk: `errata.json`, which says what it stands on, and one safetensors file
/// with everything the editor knows, named by its SHA-256.
///
/// The big file is written first and the small one renamed into place last, so that whatever
/// happens in between, the directory holds the old state or the new one, whole.
struct SavedModel: Codable {
    static let fileName = "errata.json"

    var format = 1
    /// The base model's directory.
    let base: String
    /// SHA-256 of its files.
    let baseDigest: String
    let method: String
    /// The file with the state, and its SHA-256.
    let state: String
    let stateDigest: String
    /// The engine that wrote it.
    let engine: String

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
        guard format == 1 else {
            throw ErrataError(
                "\(file.path): expected format 1, got \(format); use the Errata that wrote it.")
        }
    }

    private init(method: String, base: BaseModel, digest: String) throws {
        self.base = base.directory.standardizedFileURL.path
        baseDigest = try base.digest()
        self.method = method
        state = "state-\(digest.prefix(16)).safetensors"
        stateDigest = digest
        engine = "libtorch \(Engine.version)"
    }

    /// - Throws: `ErrataError` unless `model` is the one the edits were made for.
    func requireBase(_ model: BaseModel) throws {
        let digest = try model.digest()
        guard digest == baseDigest else {
            throw ErrataError(
                "\(base): expected the base model the edits were made for (\(baseDigest.prefix(12))"
                    + "…), got another (\(digest.prefix(12))…); put the original back.")
        }
    }

    /// The editor's state.
    func state(in directory: URL) throws -> MethodState {
        let url = directory.appending(path: state)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw ErrataError("\(url.path) is missing; copy it beside \(Self.fileName).")
        }
        guard try Self.digest(of: url) == stateDigest else {
            throw ErrataError("\(url.path) is damaged: its SHA-256 is another; restore a copy.")
        }
        let file = try SafetensorsFile(url)
        let tensors = try file.names.map { ($0, try file.tensor(named: $0)) }
        return MethodState(
            tensors: Dictionary(uniqueKeysWithValues: tensors),
            document: file.metadata["document"] ?? "{}")
    }

    /// Writes `method` into `directory`, which is made when missing.
    ///
    /// - Throws: what could not be written; a model that stood there before is untouched.
    static func write(
        _ method: any EditingMethod, named name: String, base: BaseModel, to directory: URL
    ) throws {
        guard directory.standardizedFileURL != base.directory.standardizedFileURL else {
            throw ErrataError(
                "expected a directory of its own for the edits, got the base model's; "
                    + "choose another --output.")
        }
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
        } catch {
            throw ErrataError(
                "cannot make \(directory.path): \(String(cString: strerror(errno))); "
                    + "make room or choose another directory.")
        }
        let previous = try SavedModel(in: directory)
        let draft = directory.appending(path: "state.draft.safetensors")
        defer { try? FileManager.default.removeItem(at: draft) }
        let state = try method.state()
        try writeSafetensors(state.tensors, metadata: ["document": state.document], to: draft)
        let record = try SavedModel(method: name, base: base, digest: digest(of: draft))
        let target = directory.appending(path: record.state)
        if !FileManager.default.fileExists(atPath: target.path) {
            try FileManager.default.moveItem(at: draft, to: target)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(record)
        try writeAtomically(to: directory.appending(path: fileName)) { try $0(json) }
        if let previous, previous.state != record.state {
            try? FileManager.default.removeItem(at: directory.appending(path: previous.state))
        }
    }

    private static func digest(of file: URL) throws -> String {
        SHA256.hash(data: try Data(contentsOf: file, options: .mappedIfSafe)).hexadecimal
    }
}
