import Figures
package import Foundation

/// A folder that holds one run: `manifest.json`, `results.json`, `edits.jsonl`,
/// `table.md`, `report.html`, and all of it once more under `lm-eval` for other tools.
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
            // A place where none can be is wrong; a full disk is nobody's mistake.
            throw EvaluationError(
                "The results folder \(url.path) cannot be made: \(error.localizedDescription)",
                isFailure: (error as? CocoaError)?.code == CocoaError.Code.fileWriteOutOfSpace)
        }
    }

    /// Rows of an earlier run that a run under `manifest` may keep: it measured alike.
    ///
    /// Everything else that stands here, and the earlier manifest, is of another run: it is taken
    /// over by what is written next.
    package func kept(under manifest: Manifest) -> BenchResult? {
        guard let earlier = try? read(), earlier.manifest.measuresLike(manifest) else { return nil }
        return earlier
    }

    /// Writes what a run has come to; `outcomes` are the probes of its latest method.
    ///
    /// Each file appears whole or not at all. A run that goes on later leaves no report and no
    /// manifest yet: a folder without one is a run that did not end.
    ///
    /// - Throws: `EvaluationError` that names the file that could not be written.
    package func write(
        _ result: BenchResult, outcomes: (method: String, rows: [ProbeOutcome])? = nil,
        isFinished: Bool = true
    ) throws {
        try write(lines(of: result, adding: outcomes), to: "edits.jsonl")
        try writeJSON(result, to: "results.json")
        try write(Data(result.markdown.utf8), to: "table.md")
        if isFinished {
            try write(Data(result.report.html.utf8), to: "report.html")
            let lines = Dictionary(grouping: standingLines(), by: \.method)
            try writeInterchange(result) { method in
                try (lines[method] ?? []).map { try outcome(in: $0.text) }
            }
            try writeJSON(result.manifest, to: "manifest.json")
        } else {
            for name in ["manifest.json", "report.html"] {
                try? FileManager.default.removeItem(at: url.appending(path: name))
            }
            removeInterchange()
        }
    }

    /// A line for each probe: those that stand here of the other methods of `result`, and `added`.
    private func lines(
        of result: BenchResult, adding added: (method: String, rows: [ProbeOutcome])?
    ) throws -> Data {
        let others = Set(result.methods.map(\.method)).subtracting(
            [added?.method].compactMap(\.self))
        var data = Data()
        for line in standingLines() where others.contains(line.method) {
            data += line.text + [0x0A]
        }
        return try data + (added.map { try Self.lines($0) } ?? Data())
    }

    /// The lines of probes that stand here, each with the method it names.
    private func standingLines() -> [(method: String, text: Data)] {
        let standing = (try? Data(contentsOf: url.appending(path: "edits.jsonl"))) ?? Data()
        return standing.split(separator: 0x0A).compactMap { line in
            (try? JSONDecoder().decode(Named.self, from: line)).map { ($0.method, line) }
        }
    }

    private func outcome(in line: Data) throws -> ProbeOutcome {
        do {
            return try JSONDecoder().decode(ProbeOutcome.self, from: line)
        } catch {
            throw EvaluationError(
                "A line of \(url.appending(path: "edits.jsonl").path) cannot be read: \(error)")
        }
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

    /// Writes the probes of one method alone, a line for each.
    func writeRows(_ rows: [ProbeOutcome], of method: String) throws {
        try write(Self.lines((method, rows)), to: "edits.jsonl")
    }

    /// Writes `value` as JSON for people, whole or not at all.
    func writeJSON(_ value: some Encodable, to name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(encoder.encode(value), to: name)
    }

    /// Writes a file, whole or not at all.
    func write(_ data: Data, to name: String) throws {
        let file = url.appending(path: name)
        do {
            try data.write(to: file, options: .atomic)
        } catch {
            throw EvaluationError(
                "\(file.path) cannot be written: \(error.localizedDescription)", isFailure: true)
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

    private struct Named: Decodable { let method: String }

    private static func lines(_ outcomes: (method: String, rows: [ProbeOutcome])) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for row in outcomes.rows {
            data += try encoder.encode(Line(method: outcomes.method, outcome: row))
            data.append(0x0A)
        }
        return data
    }
}
