import EditStorage
import Editing
import Edits
import Foundation
import Torch

/// A method, with the account of what it has learned.
struct Adapters {
    var method: any EditingMethod
    /// The events of the edits it has learned, by transaction, in order.
    var batches: [[Int]] = []
    var key: StateKey

    /// A method that has learned nothing yet.
    init(_ configuration: LogConfiguration, base: BaseModel) throws {
        let entry = try MethodEntry.named(configuration.method)
        let recipe = try entry.recipe(json: Data(configuration.recipe.utf8))
        method = try entry.method(
            model: base.model, tokenizer: base.tokenizer, recipe: recipe,
            seed: configuration.seed)
        key = try StateKey(configuration)
    }

    /// What lies in the snapshot's file, which was found whole.
    init(
        _ snapshot: Snapshot, in log: EditLog, configuration: LogConfiguration, key: StateKey,
        base: BaseModel
    ) throws {
        method = try MethodEntry.named(configuration.method).method(
            restoring: MethodState(contentsOf: log.file(of: snapshot)), model: base.model,
            tokenizer: base.tokenizer)
        batches = snapshot.batches
        self.key = key
    }

    /// A method that is known to have learned `batches`.
    init(method: any EditingMethod, batches: [[Int]], key: StateKey) {
        self.method = method
        self.batches = batches
        self.key = key
    }

    /// The same in storage of its own, which learns without changing these.
    func copied(_ configuration: LogConfiguration, base: BaseModel) throws -> Adapters {
        // What stands alone is never learned on: it can be shared, however much there is.
        if method is any StandaloneEdits { return self }
        let copy = try MethodEntry.named(configuration.method).method(
            restoring: method.state(), model: base.model, tokenizer: base.tokenizer)
        return Adapters(method: copy, batches: batches, key: key)
    }

    /// Learns one more transaction.
    mutating func learn(
        _ batch: [Int], _ edits: [EditRecord],
        onProgress: (EditProgress) throws -> Void = { _ in }
    ) throws -> ApplyReport {
        let report = try method.learn(edits, reporting: onProgress)
        batches.append(batch)
        key = try key.after(edits)
        return report
    }

    /// Writes what was learned to a file of the log.
    func snapshot(in log: EditLog) throws -> Snapshot {
        let state = try method.state()
        let (digest, bytes) = try log.writeSnapshotFile { try state.write(to: $0) }
        return Snapshot(key: key.text, digest: digest, bytes: bytes, batches: batches)
    }
}

extension MethodState {
    /// What `write(to:)` wrote.
    init(contentsOf url: URL) throws {
        let file = try SafetensorsFile(url)
        let tensors = try file.names.map { ($0, try file.tensor(named: $0)) }
        self.init(
            tensors: Dictionary(uniqueKeysWithValues: tensors),
            document: file.metadata["document"] ?? "{}")
    }

    func write(to url: URL) throws {
        try writeSafetensors(tensors, metadata: ["document": document], to: url)
    }
}
