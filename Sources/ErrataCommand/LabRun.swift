import Evaluation
import Foundation
import Synchronization

/// The streams of one command, measured in this process or by several that share them out.
struct LabRun {
    let lab: Lab
    /// Those that are measured where they do not stand yet, without settings that they have anyway.
    let chosen: [EditStream]
    let interrupt: Interrupt
    /// The settings that every stream is measured with, by its name.
    private let settings: [String: [String: String]]
    /// How each stream would be measured now, by the name it is measured under.
    private let manifests: [String: Manifest]

    /// - Parameters:
    ///   - streams: those that are shown.
    ///   - isChosen: which of them are measured.
    init(
        lab: Lab, streams: [EditStream], choosing isChosen: (EditStream) -> Bool,
        interrupt: Interrupt
    ) async throws {
        (self.lab, self.interrupt) = (lab, interrupt)
        var measured: [EditStream] = []
        for stream in streams { measured.append(try await lab.plain(stream)) }
        settings = Dictionary(zip(streams.map(\.name), measured.map(\.settings))) { $1 }
        measured = measured.distinct
        chosen = measured.filter(isChosen)
        var manifests: [String: Manifest] = [:]
        for stream in measured { manifests[stream.name] = try await lab.manifest(of: stream) }
        self.manifests = manifests
    }

    /// What of `streams` stands in `folder`, measured alike, by name: streams of this run, which
    /// may ask fewer tasks than it does.
    func standing(_ streams: [EditStream], in folder: LabFolder) -> [String: StreamRecord] {
        Dictionary(
            streams.compactMap { stream in
                var measured = stream
                measured.settings = settings[stream.name] ?? stream.settings
                let manifest = manifests[measured.name]!
                guard var record = folder.record(of: measured, like: manifest) else { return nil }
                // Shown by the value that was asked for, be it the preset's own.
                record.stream.settings = stream.settings
                return (stream.name, record)
            }
        ) { $1 }
    }

    /// Measures what does not stand there yet, writes it, and returns what failed, a clause each.
    ///
    /// - Parameter place: this process's among several; nil where it is alone.
    func measure(
        into folder: LabFolder, without standing: [String: StreamRecord], place: RankPlace?
    ) async throws -> [String] {
        var failures: [String] = []
        func receive(_ name: String, _ outcome: StreamOutcome) async throws {
            switch outcome {
            case .measured(let result):
                let items = try await lab.items(result.record.stream.tasks)
                try folder.write(result, items: items)
            case .failed(let sentence):
                Output.note("\(name) failed: \(sentence)")
                failures.append("\(name) (\(sentence.trimmingCharacters(in: ["."])))")
            }
        }
        guard let place else {
            for stream in chosen where standing[stream.name] == nil {
                try await receive(stream.name, measure(stream, in: folder))
            }
            return failures
        }
        let done = Set(chosen.map(\.name)).intersection(standing.keys)
        try await share(place, folder, done: done) { name, data in
            try await receive(name, JSONDecoder().decode(StreamOutcome.self, from: data))
        }
        return failures
    }

    /// Takes streams as a rank that writes nothing but how far it has come.
    func follow(_ place: RankPlace, in folder: LabFolder) async throws {
        let measured = try await share(place, folder, done: []) { _, _ in }
        // Rank 0 does this where it writes, but a rank may have a disk of its own. What failed goes
        // on later from what was kept of it.
        for stream in chosen where measured.contains(stream.name) { folder.forgetStopped(stream) }
    }

    /// Shares the streams out, and returns the names of those that were measured here.
    @discardableResult
    private func share(
        _ place: RankPlace, _ folder: LabFolder, done: Set<String>,
        receive: (String, Data) async throws -> Void
    ) async throws -> Set<String> {
        let byName = Dictionary(chosen.map { ($0.name, $0) }) { $1 }
        let measured = NameSet()
        // Rank 0 may read a large checkpoint longer than the others do.
        let times = WorkTimes(joinSeconds: 300)
        do {
            try await SharedWork(place, plan: digest(), times: times).run(
                jobs: chosen.map(\.name), done: done,
                perform: { name in
                    let outcome = try await measureStoppably(byName[name]!, in: folder)
                    if case .measured = outcome { measured.insert(name) }
                    return try JSONEncoder().encode(outcome)
                },
                receive: receive)
        } catch {
            // Whatever the others made of it, Ctrl-C is what ended it here.
            try interrupt.check()
            throw error
        }
        return measured.names
    }

    /// Measures `stream` as one rank of several: after Ctrl-C another takes it.
    private func measureStoppably(
        _ stream: EditStream, in folder: LabFolder
    ) async throws -> StreamOutcome {
        do {
            return try await measure(stream, in: folder)
        } catch is Interrupted {
            throw CancellationError()
        }
    }

    /// What all ranks must agree on: what is measured, and how, the machine aside.
    private func digest() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let shared = chosen.map { stream in
            var shared = manifests[stream.name]!
            (shared.command, shared.date, shared.processor) = ([], "", "")
            return shared
        }
        return sha256(try encoder.encode(chosen) + encoder.encode(shared))
    }

    /// Measures `stream`; what cannot be measured fails alone.
    private func measure(
        _ stream: EditStream, in folder: LabFolder
    ) async throws -> StreamOutcome {
        Output.note(stream.name)
        let bars = LabBars()
        defer { bars.finish() }
        let interrupt = interrupt
        do {
            return .measured(
                try await lab.measure(stream, keepingIn: folder) {
                    try Task.checkCancellation()
                    try interrupt.check()
                    bars.update($0)
                })
        } catch let error where !(error is Interrupted || error is CancellationError) {
            return .failed(Exit.sentence(for: error))
        }
    }
}

/// Names that several tasks note.
private final class NameSet: Sendable {
    private let state = Mutex<Set<String>>([])

    var names: Set<String> { state.withLock { $0 } }

    func insert(_ name: String) { state.withLock { _ = $0.insert(name) } }
}
