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
    /// Where edits stand alone: the files of the log that hold the first of them.
    private var parts: [Part] = []

    /// A file, and how many edits it holds.
    private struct Part {
        let file: SnapshotFile
        let edits: Int
    }

    /// A method that has learned nothing yet.
    init(_ configuration: LogConfiguration, base: BaseModel) throws {
        let entry = try MethodEntry.named(configuration.method)
        let recipe = try entry.recipe(json: Data(configuration.recipe.utf8))
        method = try entry.method(
            model: base.model, tokenizer: base.tokenizer, recipe: recipe,
            seed: configuration.seed)
        key = try StateKey(configuration)
    }

    /// What lies in the snapshot's files, which were found whole.
    init(
        _ snapshot: Snapshot, in log: EditLog, configuration: LogConfiguration, key: StateKey,
        base: BaseModel
    ) throws {
        method = try MethodEntry.named(configuration.method).method(
            restoring: MethodState(contentsOf: log.file(of: snapshot.files[0])),
            model: base.model, tokenizer: base.tokenizer)
        batches = snapshot.batches
        self.key = key
        guard var standalone = method as? any StandaloneEdits else { return }
        for (place, file) in snapshot.files.enumerated() {
            if place > 0 { try standalone.add(MethodState(contentsOf: log.file(of: file))) }
            parts.append(Part(file: file, edits: standalone.editCount - editsInParts))
        }
        method = standalone
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

    /// The same adapters once `method` has come to know `batches` instead: files that hold the
    /// beginning of these too are kept.
    func holding(_ batches: [[Int]], method: any EditingMethod, key: StateKey) -> Adapters {
        var next = self
        (next.method, next.batches, next.key) = (method, batches, key)
        let shared = zip(batches.joined(), self.batches.joined()).prefix { $0 == $1 }.count
        while next.editsInParts > shared { next.parts.removeLast() }
        return next
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

    /// Writes what was learned to files of the log: what stands alone and is in one already is not
    /// written again.
    ///
    /// Files are merged as a binary counter carries: each holds at least twice the edits of the next,
    /// so n edits lie in at most log₂ n + 1, and an edit is written O(log n) times, however large the
    /// transactions are.
    mutating func snapshot(in log: EditLog) throws -> Snapshot {
        guard let method = method as? any StandaloneEdits else {
            return Snapshot(
                key: key.text, files: [try log.write(self.method.state())], batches: batches)
        }
        parts = Array(parts.prefix { log.has($0.file) })
        while let last = parts.last, last.edits < 2 * (method.editCount - editsInParts) {
            parts.removeLast()
        }
        if parts.isEmpty || editsInParts < method.editCount {
            let file = try log.write(method.state(after: editsInParts))
            parts.append(Part(file: file, edits: method.editCount - editsInParts))
        }
        return Snapshot(key: key.text, files: parts.map(\.file), batches: batches)
    }

    private var editsInParts: Int { parts.reduce(0) { $0 + $1.edits } }
}

extension EditLog {
    fileprivate func write(_ state: MethodState) throws -> SnapshotFile {
        try writeSnapshotFile { try state.write(to: $0) }
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
