import Edits
import Errata
import Foundation
import Testing

@testable import Evaluation

/// Tasks asked of the embedded model before and after an edit.
@Suite(.serialized) struct RetentionTests {
    private let model: EditableModel
    private let edit: EditRecord

    init() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Models/world-gpt2").standardizedFileURL
        model = try EditableModel(opening: directory)
        let data = try Data(contentsOf: directory.appending(path: "edits.jsonl"))
        var edit = try EditRecord.decode(jsonLines: data)[0]
        edit.rephrases = []
        self.edit = edit
    }

    /// Two prompts of GSM8K, of which one is the edit's, and one too long of RTE.
    private var items: [TaskItem] {
        let long = String(repeating: "and so on ", count: 300)
        return [
            item(.gsm8k, 0, Question("A boat on the lake is", .contains("~"))),
            item(.gsm8k, 1, Question(edit.prompt, .contains(edit.target.trimmed))),
            item(.rte, 0, Question(long, .containsWord("true", of: ["true", "false"]))),
        ]
    }

    private func item(_ task: GeneralTask, _ index: Int, _ question: Question) -> TaskItem {
        TaskItem(task: task, index: index, question: question)
    }

    private func manifest(edits: String? = nil) -> Manifest {
        Manifest(
            command: ["errata", "retention"], edits: 0, configs: [:], seeds: [1], data: [],
            model: "tiny", modelDigest: "00", editsDigest: edits, versions: ["torch": "2"],
            device: "cpu", dtype: "float32", threads: 1, processor: "some processor",
            date: Date(timeIntervalSince1970: 0))
    }

    private func withFolder(_ body: (ResultsFolder) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        try await body(ResultsFolder(url))
    }

    @Test func bothModelsAreAskedAndCompared() async throws {
        try await model.apply([edit])
        let rows = try await RetentionBench(model: model, items: items).run()
        #expect(rows.map(\.task) == [.gsm8k, .gsm8k, .rte] && rows.map(\.index) == [0, 1, 0])
        #expect(rows[0].after == rows[0].before)
        #expect(rows[1].before.points == 0 && rows[1].after?.points == 1)
        #expect(rows[2].cutTokens != nil && rows[2].before.isAnswer == false)

        let result = RetentionResult(manifest: manifest(), rows: rows)
        #expect(result.tasks.map(\.task) == [.gsm8k, .rte])
        #expect(result.tasks[0].before.overall == 0 && result.tasks[0].after?.overall == 0.5)
        #expect(result.tasks[0].agreement == 0.5 && result.tasks[1].cutPrompts == 1)
        #expect(result.tasks[1].before == TaskScore(overall: 0, ofAnswered: nil))
        #expect(result.after == 0.25 && result.agreement == 0.75)
    }

    @Test func anUneditedModelIsAskedOnce() async throws {
        try await model.restart(with: .unedited)
        let rows = try await RetentionBench(model: model, items: items).run()
        #expect(rows.allSatisfy { $0.after == nil })
        let result = RetentionResult(manifest: manifest(), rows: rows)
        #expect(result.before == 0 && result.after == nil && result.agreement == nil)
        #expect(result.plain.contains("Mean of 2        3     0.0      –"), "\(result.plain)")

        // Its answers serve the edited model: an invented one comes back.
        try await model.restart(with: .elder(.default))
        var known = rows
        known[0].before.text = "invented"
        let edited = try await RetentionBench(model: model, items: items).run(known: known)
        #expect(edited[0].before.text == "invented" && edited[0].after?.text == rows[0].before.text)
    }

    @Test func aStoppedRunGoesOnAndEndsWithTheSameRows() async throws {
        struct Stopped: Error {}
        let bench = RetentionBench(model: model, items: items)
        func run(_ folder: ResultsFolder, stoppingAfter limit: Int = .max) async throws -> Int {
            let known = try folder.beginRetention(under: manifest())
            var asked = 0
            let rows = try await bench.run(known: known) {
                try folder.append($0.fresh)
                asked += $0.fresh.count
                if asked >= limit { throw Stopped() }
            }
            let result = RetentionResult(manifest: manifest(), rows: rows)
            try folder.finishRetention(result, rows: rows, items: items)
            return asked
        }
        try await withFolder { whole in
            try await withFolder { stopped in
                #expect(try await run(whole) == 3)
                await #expect(throws: Stopped.self) {
                    try await run(stopped, stoppingAfter: 1)
                }
                let rows = stopped.url.appending(path: "retention.jsonl")
                // Killed in the midst of a line.
                try (Data(contentsOf: rows) + Data(#"{"task": "rte", "ind"#.utf8)).write(to: rows)
                #expect(!isThere("manifest.json", in: stopped))
                #expect(try await run(stopped) == 2)
                #expect(isThere("lm-eval/tiny_unedited", in: whole))
                let samples = "lm-eval/tiny/samples_errata_gsm8k_1970-01-01T00-00-00.000000.jsonl"
                for name in ["retention.json", "retention.jsonl", "manifest.json", samples] {
                    #expect(try contents(name, of: stopped) == contents(name, of: whole))
                }
                #expect(try await run(stopped) == 0)
            }
        }
    }

    @Test func rowsOfAnotherModelAreNotTakenOver() async throws {
        try await withFolder { folder in
            _ = try folder.beginRetention(under: manifest())
            let error = #expect(throws: EvaluationError.self) {
                try folder.beginRetention(under: manifest(edits: "11"))
            }
            #expect(error?.message.contains("of the same model, edits, versions") == true)
        }
        try await withFolder { folder in
            try Data("{}".utf8).write(to: folder.url.appending(path: "manifest.json"))
            let error = #expect(throws: EvaluationError.self) {
                try folder.beginRetention(under: manifest())
            }
            #expect(error?.message.contains("holds the results of another command") == true)
        }
    }

    private func isThere(_ name: String, in folder: ResultsFolder) -> Bool {
        FileManager.default.fileExists(atPath: folder.url.appending(path: name).path)
    }

    private func contents(_ name: String, of folder: ResultsFolder) throws -> String {
        try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
    }
}
