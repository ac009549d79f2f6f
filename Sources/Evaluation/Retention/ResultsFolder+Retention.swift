import Foundation

/// A folder may hold a run of the general tasks: `retention.json`, `retention.jsonl` with a row for
/// each prompt, and, once it has ended, `manifest.json`, and all of it once more under `lm-eval` for
/// other tools.
extension ResultsFolder {
    private static let (summary, rows) = ("retention.json", "retention.jsonl")

    /// Begins a run under `manifest`, and returns the rows that an earlier one, stopped or not, has
    /// measured alike.
    ///
    /// - Throws: `EvaluationError` where the folder holds another run, which stays as it is.
    package func beginRetention(under manifest: Manifest) throws -> [RetentionRow] {
        var kept: [RetentionRow] = []
        if holds(Self.summary) {
            let earlier = try? JSONDecoder().decode(
                RetentionResult.self, from: contents(of: Self.summary))
            guard let earlier, earlier.manifest.answersLike(manifest) else {
                throw EvaluationError(
                    "Expected the run in \(url.path) to be of the same model, edits, versions, "
                        + "device and threads, but it is not; choose another folder.")
            }
            kept = try readRows()
        } else if holds("manifest.json") || holds("results.json") {
            throw EvaluationError(
                "Expected \(url.path) to be new or to hold a run of general tasks, but it holds the "
                    + "results of another command; choose another folder.")
        }
        try write(Self.lines(of: kept), to: Self.rows)
        try writeJSON(RetentionResult(manifest: manifest, rows: []), to: Self.summary)
        try? FileManager.default.removeItem(at: url.appending(path: "manifest.json"))
        removeInterchange()
        return kept
    }

    /// Adds `rows` to those of the run.
    package func append(_ rows: [RetentionRow]) throws {
        let file = url.appending(path: Self.rows)
        do {
            let handle = try FileHandle(forWritingTo: file)
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: Self.lines(of: rows))
        } catch {
            throw EvaluationError(
                "\(file.path) cannot be written: \(error.localizedDescription)", isFailure: true)
        }
    }

    /// Ends the run: its rows stand in order, and those of other runs after them.
    ///
    /// - Parameter items: all prompts of the tasks, asked or not, of which rows have digests only.
    package func finishRetention(
        _ result: RetentionResult, rows: [RetentionRow], items: [TaskItem]
    ) throws {
        let asked = Set(rows.map(\.key))
        let others = try readRows().filter { !asked.contains($0.key) }
        try write(Self.lines(of: rows + others), to: Self.rows)
        try writeJSON(result, to: Self.summary)
        try writeInterchange(result, rows: rows, items: items)
        try writeJSON(result.manifest, to: "manifest.json")
    }

    /// Writes the prompts of general tasks alone, a line for each.
    func writeRetention(_ rows: [RetentionRow]) throws {
        try write(Self.lines(of: rows), to: Self.rows)
    }

    /// The rows that stand here; the last line is left out where a run was stopped in its midst.
    private func readRows() throws -> [RetentionRow] {
        let decoder = JSONDecoder()
        return try contents(of: Self.rows).split(separator: 0x0A).compactMap {
            try? decoder.decode(RetentionRow.self, from: $0)
        }
    }

    private func holds(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appending(path: name).path)
    }

    private func contents(of name: String) throws -> Data {
        let file = url.appending(path: name)
        guard let data = try? Data(contentsOf: file) else {
            throw EvaluationError("\(file.path) cannot be read; choose another folder.")
        }
        return data
    }

    private static func lines(of rows: [RetentionRow]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Data(try rows.map { try encoder.encode($0) + [0x0A] }.joined())
    }
}

extension Manifest {
    /// Whether a model asked under this manifest answers as under `other`; which prompts were asked,
    /// their digests tell.
    fileprivate func answersLike(_ other: Manifest) -> Bool {
        var other = other
        other.data = data
        return measuresLike(other)
    }
}
