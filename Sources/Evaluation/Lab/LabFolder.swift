import Figures
package import Foundation

/// A folder of experiments: `streams/NAME/` for each stream that was measured, and for each
/// experiment a folder that shows its streams.
///
/// Every file appears whole or not at all, and `stream.json` last: a stream that has one ended. Of
/// one that has none, `stopped` may hold how far it came.
package struct LabFolder: Sendable {
    /// Where it is.
    package let url: URL
    /// Why figures are not there as PNG too; nil where they are.
    package let notice: String?
    /// Figures are SVG first: without the program that makes PNGs nothing else is lost.
    let converter: PNGConverter?

    /// The folder at `url`, made if it is not there.
    ///
    /// - Throws: `EvaluationError` where it cannot be made.
    package init(_ url: URL) throws {
        self.url = try ResultsFolder(url).url
        do {
            (converter, notice) = (try PNGConverter(), nil)
        } catch {
            (converter, notice) = (nil, "\(error)")
        }
    }

    /// What was measured of `stream`, where that was done alike.
    package func record(of stream: EditStream, like manifest: Manifest) -> StreamRecord? {
        let file = place(of: stream).appending(path: "stream.json")
        guard let data = try? Data(contentsOf: file),
            let record = try? JSONDecoder().decode(StreamRecord.self, from: data),
            record.stream.covers(stream),
            record.manifest.measuresLike(manifest, tasks: stream.tasks)
        else { return nil }
        return record
    }

    /// Writes what was measured of a stream, also in the harness's layout.
    ///
    /// - Parameter items: the prompts of the general tasks that were asked.
    /// - Throws: `EvaluationError` that names the file that could not be written.
    package func write(_ result: StreamResult, items: [TaskItem]) throws {
        let record = result.record
        let folder = try ResultsFolder(place(of: record.stream))
        try folder.writeRows(result.outcomes, of: record.title)
        try folder.writeInterchange(
            BenchResult(manifest: record.manifest, dataset: record.dataset, methods: [record.row])
        ) { _ in result.outcomes }
        if !result.tasks.isEmpty {
            let tasks = try ResultsFolder(folder.url.appending(path: "tasks"))
            try tasks.writeRetention(result.tasks)
            try tasks.writeInterchange(
                RetentionResult(manifest: record.manifest, rows: result.tasks),
                rows: result.tasks, items: items)
        }
        try folder.writeJSON(record, to: "stream.json")
        forgetStopped(record.stream)
    }

    func place(of stream: EditStream) -> URL {
        url.appending(path: "streams").appending(path: stream.name)
    }
}

extension Manifest {
    /// Whether a stream measured under this manifest, recipe included, is what one under `other`
    /// would be, with `tasks` asked: the files of tasks that nobody asks now do not matter.
    ///
    /// Neither does the processor: a folder is filled by several machines, and each record says
    /// which one measured it.
    func measuresLike(_ other: Manifest, tasks: Int?) -> Bool {
        var (mine, other) = (self, other)
        mine.processor = other.processor
        if tasks == nil {
            (mine.data, other.data) = (mine.data.withoutTasks, other.data.withoutTasks)
        }
        return mine.configs == other.configs && mine.measuresLike(other)
    }
}

extension [Manifest.DataFile] {
    /// The stream's own files.
    fileprivate var withoutTasks: [Manifest.DataFile] {
        let tasks = Set(GeneralTask.allCases.map(\.path))
        return filter { !tasks.contains($0.name) }
    }
}
