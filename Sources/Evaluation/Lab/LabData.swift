import Edits
package import Foundation

/// The data that experiments are made on, found in a folder or named one by one.
package struct LabData: Sendable {
    /// A data set that recipes name.
    package enum Name: String, Codable, Sendable, CaseIterable {
        case zsre
        case counterfact

        /// As tables call it.
        package var title: String { self == .zsre ? "zsRE" : "CounterFact" }

        /// The names under which the data set is published.
        fileprivate var files: [String] {
            switch self {
            case .zsre: ["zsre_mend_eval.json", "zsre_mend_edit.json", "zsre.json"]
            case .counterfact: ["counterfact.json", "counterfact-edit.json"]
            }
        }
    }

    /// A data set that was read.
    package struct Source: Sendable {
        package let url: URL
        package let dataset: Dataset
        /// Its name and digest.
        package let file: Manifest.DataFile
        /// How many of its records have a rephrasing, and so can measure generalization.
        package let usable: Int
    }

    /// The data sets that are at hand.
    package let sources: [Name: Source]
    /// The general tasks, where they are at hand.
    package let tasks: TaskFolder?

    /// Finds and reads what the folder at `url` holds, there or one folder deeper.
    ///
    /// - Parameter files: data sets that stand elsewhere.
    /// - Throws: `EvaluationError` where nothing is found or a file cannot be used.
    package init(
        in url: URL?, files: [Name: URL] = [:], tasks: URL? = nil, target: ZsRETarget
    ) throws {
        var sources: [Name: Source] = [:]
        for name in Name.allCases {
            guard let file = files[name] ?? url.flatMap({ Self.find(name.files, in: $0) })
            else { continue }
            sources[name] = try Self.source(file, target: target)
        }
        guard !sources.isEmpty else {
            let names = Name.allCases.flatMap(\.files).joined(separator: ", ")
            throw EvaluationError(
                "Expected \(url?.path ?? "the data folder") to hold one of \(names), but it does "
                    + "not; name the files with --zsre and --counterfact.")
        }
        self.sources = sources
        let folder = tasks ?? url.flatMap { Self.find(["general_tasks"], in: $0) }
        self.tasks = try folder.map { try TaskFolder($0) }
    }

    private static func source(_ url: URL, target: ZsRETarget) throws -> Source {
        let dataset = try Dataset.read(url, target: target)
        return Source(
            url: url, dataset: dataset, file: try Manifest.DataFile(url),
            usable: dataset.records.count { !$0.rephrases.isEmpty })
    }

    /// The first of `names` in `folder`, or in one of the folders in it.
    private static func find(_ names: [String], in folder: URL) -> URL? {
        let manager = FileManager.default
        let inner = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        let places = [folder] + inner.sorted().map { folder.appending(path: $0) }
        for name in names {
            let found = places.map { $0.appending(path: name) }
                .first { manager.fileExists(atPath: $0.path) }
            if let found { return found }
        }
        return nil
    }
}

extension LabData {
    /// The edits of `stream` in the order in which they are taught.
    ///
    /// - Throws: `EvaluationError` where the data set is missing or has too few.
    func edits(of stream: EditStream) throws -> [SplitEdit] {
        var edits = try stream.split.first(
            stream.edits, of: try source(stream.data).dataset.records)
        if let most = stream.localityPerEdit {
            for place in edits.indices {
                let probes = Dictionary(grouping: edits[place].edit.locality, by: \.kind)
                edits[place].edit.locality = [LocalityProbe.Kind.neighbour, .unrelated].flatMap {
                    (probes[$0] ?? []).prefix(most)
                }
            }
        }
        if stream.order == .shuffled {
            var random = SplitMix64(seed: stream.seed)
            edits.shuffle(using: &random)
        }
        return edits
    }

    /// Prompts far from any edit of `stream`, besides those of its own records: zsRE's.
    func unrelated(to edits: [SplitEdit], of stream: EditStream) -> [LocalityProbe] {
        let count = stream.unrelated ?? (asksZsRE(stream) ? edits.count : 0)
        guard count > 0, let zsre = sources[.zsre] else { return [] }
        let asked = Set(
            edits.flatMap { [$0.edit.prompt] + $0.heldOut + $0.edit.locality.map(\.prompt) })
        let probes = zsre.dataset.records.lazy.flatMap(\.locality)
            .filter { $0.kind == .unrelated && !asked.contains($0.prompt) }
        return Array(probes.prefix(count))
    }

    /// Whether the records of `stream` have no unrelated prompts, and zsRE's stand in for them.
    private func asksZsRE(_ stream: EditStream) -> Bool {
        stream.data != .zsre && (stream.unrelated != nil || stream.localityPerEdit != 0)
    }

    /// The files of edits that `stream` reads.
    func files(of stream: EditStream) throws -> [Manifest.DataFile] {
        let own = try source(stream.data).file
        let other = asksZsRE(stream) ? sources[.zsre]?.file : nil
        return [own] + [other].compactMap(\.self)
    }

    /// - Throws: `EvaluationError` where there are no general tasks.
    func requireTasks() throws -> TaskFolder {
        guard let tasks else {
            throw EvaluationError(
                "Expected the eight general tasks in the data folder, in general_tasks, but there "
                    + "are none; name their folder with --tasks.")
        }
        return tasks
    }

    private func source(_ name: Name) throws -> Source {
        guard let source = sources[name] else {
            throw EvaluationError(
                "Expected the data set \(name.title), but it is not in the data folder; name its "
                    + "file with --\(name.rawValue).")
        }
        return source
    }
}
