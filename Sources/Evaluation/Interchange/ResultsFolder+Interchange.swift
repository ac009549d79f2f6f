import Foundation

/// A folder of a finished run also holds it in the layout of EleutherAI's lm-evaluation-harness, for
/// other people's tools: `lm-eval/<model>/results_<date>.json` and, for each task,
/// `samples_<task>_<date>.jsonl`.
extension ResultsFolder {
    private static let (interchange, partial) = ("lm-eval", "lm-eval.partial")

    /// Writes `result` in that layout: a model for each method.
    ///
    /// - Parameter outcomes: the probes of a method, by its name.
    /// - Throws: `EvaluationError` that names the file that could not be written.
    package func writeInterchange(
        _ result: BenchResult, outcomes: (String) throws -> [ProbeOutcome]
    ) throws {
        try replaceInterchange { folder in
            for method in result.methods.map(\.method) {
                try HarnessRun(method, outcomes: outcomes(method), manifest: result.manifest)
                    .write(in: folder)
            }
        }
    }

    /// Writes `result` in that layout: the unedited and the edited model.
    ///
    /// - Parameter items: all prompts of the tasks, asked or not.
    /// - Throws: `EvaluationError` where a row's prompt is missing or a file could not be written.
    package func writeInterchange(
        _ result: RetentionResult, rows: [RetentionRow], items: [TaskItem]
    ) throws {
        let runs = try HarnessRun.runs(of: result, rows: rows, items: items)
        try replaceInterchange { folder in
            for run in runs { try run.write(in: folder) }
        }
    }

    /// Takes away what stands in that layout: a run that did not end leaves none.
    func removeInterchange() {
        for name in [Self.interchange, Self.partial] { remove(name) }
    }

    private func remove(_ name: String) {
        try? FileManager.default.removeItem(at: url.appending(path: name))
    }

    /// All files appear at once, in place of those of an earlier run.
    private func replaceInterchange(_ write: (ResultsFolder) throws -> Void) throws {
        let place = url.appending(path: Self.partial)
        remove(Self.partial)
        try write(ResultsFolder(place))
        remove(Self.interchange)
        do {
            try FileManager.default.moveItem(at: place, to: url.appending(path: Self.interchange))
        } catch {
            throw EvaluationError(
                "\(place.path) cannot be renamed to \(Self.interchange): "
                    + error.localizedDescription, isFailure: true)
        }
    }
}
