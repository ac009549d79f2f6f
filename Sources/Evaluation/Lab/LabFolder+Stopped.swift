import Errata
import Foundation

/// Streams that were stopped on the way: `streams/NAME/stopped/EDITS` is a model that has learned so
/// many edits, and `halfway.json` in it what was measured until then. It is gone once the stream ends.
extension LabFolder {
    private static let fileName = "halfway.json"

    /// What the file holds.
    private struct Record: Codable {
        let stream: EditStream
        let manifest: Manifest
        let halfway: Halfway
    }

    /// Lets a run over `stream` go on where one was stopped, and be stopped itself.
    ///
    /// - Parameter interval: time after which it is kept again how far the run has come.
    func resumption(
        of stream: EditStream, like manifest: Manifest, model: EditableModel,
        every interval: Duration
    ) -> Resumption {
        Resumption(
            from: stopped(stream, like: manifest), every: interval,
            keep: { try await keep($0, of: stream, like: manifest, model: model) })
    }

    /// Where a run over `stream` can go on; nil where it has to begin.
    ///
    /// Only what the same processor has learned: another ends with other last bits.
    func stopped(_ stream: EditStream, like manifest: Manifest) -> (halfway: Halfway, model: URL)? {
        for model in models(of: stream) {
            guard let data = try? Data(contentsOf: model.appending(path: Self.fileName)),
                let record = try? JSONDecoder().decode(Record.self, from: data),
                record.stream == stream, record.manifest.processor == manifest.processor,
                record.manifest.measuresLike(manifest, tasks: stream.tasks)
            else { continue }
            return (record.halfway, model)
        }
        return nil
    }

    /// Keeps how far a run over `stream` has come, in place of what was kept before.
    private func keep(
        _ halfway: Halfway, of stream: EditStream, like manifest: Manifest, model: EditableModel
    ) async throws {
        let earlier = models(of: stream)
        let place = stopped(stream).appending(path: String(halfway.learned))
        try? FileManager.default.removeItem(at: place)
        try await model.save(to: place)
        try ResultsFolder(place).writeJSON(
            Record(stream: stream, manifest: manifest, halfway: halfway), to: Self.fileName)
        for model in earlier where model.lastPathComponent != place.lastPathComponent {
            try? FileManager.default.removeItem(at: model)
        }
    }

    /// Lets go of what was kept of `stream`, which has ended.
    package func forgetStopped(_ stream: EditStream) {
        try? FileManager.default.removeItem(at: stopped(stream))
    }

    private func stopped(_ stream: EditStream) -> URL {
        place(of: stream).appending(path: "stopped")
    }

    /// What was kept of `stream`, the furthest first.
    private func models(of stream: EditStream) -> [URL] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: stopped(stream).path)
        return (names ?? []).compactMap(Int.init).sorted(by: >).map {
            stopped(stream).appending(path: String($0))
        }
    }
}
