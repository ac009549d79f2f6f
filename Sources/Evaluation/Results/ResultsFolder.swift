package import Foundation

/// A folder that holds one run: `manifest.json`, `results.json`, `edits.jsonl`, `table.md`.
package struct ResultsFolder: Sendable {
    /// Where it is.
    package let url: URL

    /// The folder at `url`, made if it is not there.
    ///
    /// - Throws: `EvaluationError` where it cannot be made.
    package init(_ url: URL) throws {
        self.url = url
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw EvaluationError(
                "The results folder \(url.path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Writes `result`, and a line of `edits.jsonl` for each outcome of each method.
    ///
    /// Each file appears whole or not at all, the manifest last: a folder without one is a run
    /// that did not end.
    ///
    /// - Throws: `EvaluationError` that names the file that could not be written.
    package func write(_ result: BenchResult, outcomes: [(method: String, rows: [ProbeOutcome])])
        throws
    {
        let pretty = JSONEncoder()
        pretty.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(Self.lines(outcomes), to: "edits.jsonl")
        try write(pretty.encode(result), to: "results.json")
        try write(Data(result.markdown.utf8), to: "table.md")
        try write(pretty.encode(result.manifest), to: "manifest.json")
    }

    /// Reads the result that `write` wrote.
    ///
    /// - Throws: `EvaluationError` where there is none or it cannot be read.
    package func read() throws -> BenchResult {
        let file = url.appending(path: "results.json")
        do {
            return try JSONDecoder().decode(BenchResult.self, from: Data(contentsOf: file))
        } catch {
            throw EvaluationError("The result \(file.path) cannot be read: \(error)")
        }
    }

    private func write(_ data: Data, to name: String) throws {
        let file = url.appending(path: name)
        do {
            try data.write(to: file, options: .atomic)
        } catch {
            throw EvaluationError(
                "\(file.path) cannot be written: \(error.localizedDescription)")
        }
    }

    private struct Line: Encodable {
        let method: String
        let outcome: ProbeOutcome

        enum Key: CodingKey { case method }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(method, forKey: .method)
            try outcome.encode(to: encoder)
        }
    }

    private static func lines(_ outcomes: [(method: String, rows: [ProbeOutcome])]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for (method, rows) in outcomes {
            for row in rows {
                data += try encoder.encode(Line(method: method, outcome: row))
                data.append(0x0A)
            }
        }
        return data
    }
}
