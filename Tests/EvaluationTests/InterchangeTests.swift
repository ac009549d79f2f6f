import Foundation
import Testing

@testable import Evaluation

/// The harness's layout, with figures computed by hand. `make interchange` reads it with the harness.
@Suite struct InterchangeTests {
    private func manifest(model: String = "tiny") -> Manifest {
        Manifest(
            command: ["errata"], edits: 0, configs: [:], seeds: [.max], data: [], model: model,
            modelDigest: "00", versions: ["torch": "2"], device: "cpu", dtype: "float32",
            threads: 1, processor: "some processor", date: Date(timeIntervalSince1970: 0))
    }

    private func withFolder(_ body: (ResultsFolder) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(ResultsFolder(url))
    }

    /// Every file under `folder`, by its path in it.
    private func files(in folder: ResultsFolder) throws -> [String: String] {
        let paths = FileManager.default.enumerator(atPath: folder.url.path)?
            .compactMap { $0 as? String }.filter { $0.contains(".") && !$0.hasSuffix("partial") }
        let files = try (paths ?? []).map {
            ($0, try String(contentsOf: folder.url.appending(path: $0), encoding: .utf8))
        }
        return Dictionary(uniqueKeysWithValues: files)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    // MARK: text and names

    @Test func jsonIsPythonsOwn() {
        let json: PythonJSON = [
            "b": [.real(1), .real(0.1), .integer(UInt64.max)], "a": .text("ü\"\\\n\u{1}/\u{7F}"),
            "empty": [[], [:], nil, .bool(true)],
        ]
        // What json.dumps(…, ensure_ascii=False) prints.
        #expect(
            json.text() == #"{"b": [1.0, 0.1, 18446744073709551615], "a": "ü\"\\\n\u0001/"#
                + "\u{7F}\", " + #""empty": [[], {}, null, true]}"#)
        #expect(
            PythonJSON.object([("a", [.integer(1), "x"]), ("b", [:])]).text(indented: true) == """
                {
                  "a": [
                    1,
                    "x"
                  ],
                  "b": {}
                }
                """)
    }

    @Test(arguments: [
        ("tiny_ELDER paper", "tiny_ELDER paper"), ("a/b:c|?*[d]\"<e>\\", "a__b__c__d__e__"),
        (".", "model"),
    ])
    func modelsAreFoldersAsTheHarnessNamesThem(_ model: String, _ folder: String) {
        let run = HarnessRun(model: model, tasks: [], manifest: manifest())
        #expect(run.folder == folder)
        #expect(run.date == "1970-01-01T00-00-00.000000")
    }

    @Test func theStandardErrorIsThatOfAMean() {
        // Deviations of ¾, ¼ three times: 12/16 over 3, a quarter, whose root is ½; over the root of 4.
        #expect(Statistics.standardError([1, 0, 0, 0]) == 0.25)
        #expect(Statistics.standardError([1, 1]) == 0)
        #expect(Statistics.standardError([1]) == nil)
    }

    // MARK: general tasks

    private func row(
        _ task: GeneralTask, _ index: Int, _ question: Question, _ before: String,
        _ after: String?
    ) -> (RetentionRow, TaskItem) {
        let item = TaskItem(task: task, index: index, question: question)
        let row = RetentionRow(
            item, before: before, after: after, cutTokens: index == 3 ? 7 : nil,
            searchesPrompt: false)
        return (row, item)
    }

    /// RTE: true of false, false, neither, false; CoNLL03: 2 of 3 persons, 0 of 1 places, a sentence
    /// without an organization.
    private var rows: [(RetentionRow, TaskItem)] {
        let rule = AnswerRule.containsWord("true", of: ["true", "false"])
        func entities(_ index: Int, _ part: String, _ entities: [String], _ said: String)
            -> (RetentionRow, TaskItem)
        {
            let question = Question("Text \(index)", .entities(entities), part: part)
            return row(.conll03, index, question, "no", said)
        }
        return [
            row(.rte, 0, Question("p0", rule), " True", " True"),
            row(.rte, 1, Question("p1", rule), " false", " False"),
            row(.rte, 2, Question("p2", rule), " so", " so"),
            row(.rte, 3, Question("p3", rule), " false", " false"),
            entities(0, "Person", ["Ada", "Bo"], " Ada, Bo"), entities(1, "Person", ["Cy"], " no"),
            entities(2, "Location", ["Karst"], " no"), entities(3, "Organization", [], "no"),
        ]
    }

    @Test func generalTasksBecomeTwoModels() throws {
        let (rows, items) = (rows.map(\.0), rows.map(\.1))
        let result = RetentionResult(manifest: manifest(), rows: rows)
        // One prompt of RTE more than was asked.
        let unasked = TaskItem(task: .rte, index: 4, question: Question("p4", .contains("x")))
        try withFolder { folder in
            try folder.writeInterchange(result, rows: rows, items: items + [unasked])
            let files = try files(in: folder)
            let end = "1970-01-01T00-00-00.000000"
            let tasks = ["errata_conll03", "errata_rte"]
            #expect(
                files.keys.sorted()
                    == ["tiny", "tiny_unedited"].flatMap { model in
                        ["lm-eval/\(model)/results_\(end).json"]
                            + tasks.map { "lm-eval/\(model)/samples_\($0)_\(end).jsonl" }
                    })

            let all = try object(#require(files["lm-eval/tiny/results_\(end).json"]))
            let results = try #require(all["results"] as? [String: [String: Any]])
            let rte = try #require(results["errata_rte"])
            #expect(rte["score,none"] as? Double == 0.25)
            #expect(rte["score_stderr,none"] as? Double == 0.25)
            // One of the three that said true or false.
            #expect(rte["score_of_answered,none"] as? Double == 1.0 / 3)
            #expect(rte["agreement,none"] as? Double == 0.75)
            // Persons ⅔, places 0, organizations have none: the mean of two.
            let conll = try #require(results["errata_conll03"])
            #expect(conll["score,none"] as? Double == 1.0 / 3)
            #expect(conll["score_stderr,none"] as? String == "N/A")
            let mean = try #require(results["errata_general"])
            #expect(mean["score,none"] as? Double == result.after)
            #expect(mean["agreement,none"] as? Double == 0.5)
            let counts = try #require(all["n-samples"] as? [String: [String: Int]])
            #expect(counts["errata_rte"] == ["original": 5, "effective": 4])
            #expect(all["model_name"] as? String == "tiny")
            let better = try #require(all["higher_is_better"] as? [String: [String: Bool]])
            let metrics = ["score", "score_of_answered", "agreement"]
            #expect(better["errata_rte"]?.keys.sorted() == metrics.sorted())
            #expect(better["errata_general"]?.keys.sorted() == metrics.sorted())
            #expect(
                files["lm-eval/tiny/results_\(end).json"]?.contains("18446744073709551615") == true)

            let samples = try #require(files["lm-eval/tiny/samples_errata_rte_\(end).jsonl"])
            let lines = try samples.split(separator: "\n").map { try object(String($0)) }
            #expect(lines.map { $0["cut_tokens"] as? Int } == [nil, nil, nil, 7])
            #expect(lines.map { $0["score_of_answered"] as? Double } == [1, 0, nil, 0])

            let unedited = try object(#require(files["lm-eval/tiny_unedited/results_\(end).json"]))
            let before = try #require(unedited["results"] as? [String: [String: Any]])
            #expect(before["errata_rte"]?["score,none"] as? Double == 0.25)
            #expect(before["errata_rte"]?["agreement,none"] == nil)
        }
    }

    @Test func aRowWithoutItsPromptIsAnError() throws {
        let rows = rows.map(\.0)
        let result = RetentionResult(manifest: manifest(), rows: rows)
        let error = #expect(throws: EvaluationError.self) {
            try HarnessRun.runs(of: result, rows: rows, items: [])
        }
        #expect(error?.message.contains("prompt 0 of RTE") == true)
    }

    // MARK: edit streams

    @Test func aSampleHasWhatWasAskedAndItsDigests() throws {
        let outcome = SummaryTests.outcome(.edit, right: [true, false], said: "Bo", distance: 0)
        let run = HarnessRun("GRACE", outcomes: [outcome], manifest: manifest())
        let task = try #require(run.tasks.first)
        #expect(run.model == "tiny_GRACE" && task.name == "errata_reliability")
        let sample = try #require(task.samples.first)
        #expect(
            sample.json.text()
                == #"{"doc_id": 0, "doc": {"prompt": "Who?", "target": "Ada", "edit": "e0", "#
                + #""index": 0, "number": 0, "former_answer": "Bo"}, "target": "Ada", "#
                + #""arguments": {"gen_args_0": {"arg_0": "Who?", "arg_1": {"until": [], "#
                + #""do_sample": false}}}, "resps": [["Bo"]], "filtered_resps": ["Bo"], "#
                + #""filter": "none", "metrics": ["acc", "token_acc", "exact_match", "in_scope"], "#
                // Each by `hashlib`, the first of the document as `json.dumps` indents it.
                + #""doc_hash": "ced08bb6046bf38edeb8476afdb07cb784de758b19aa38ff1e85b478d1ba8315", "#
                + #""prompt_hash": "d991a24e8e04231cbae0f2b1372ebefd45b169c3855830d33b17fb3e98a68c96", "#
                + #""target_hash": "99a563ab2f6e21e96998f9fddd2a2bab82b70ac019579502b8d7fc0032ff62bb", "#
                + #""acc": 0.0, "token_acc": 0.5, "exact_match": 0.0, "in_scope": 1.0}"#)
    }

    @Test func bothMomentsAreReadingsOfOneDocument() throws {
        let outcomes = [
            SummaryTests.outcome(.edit, moment: .afterEdit, right: [true], said: "Ada"),
            SummaryTests.outcome(.edit, right: [true], said: "Bo"),
            SummaryTests.outcome(.edit, index: 1, right: [false], said: "Bo"),
            SummaryTests.outcome(.neighbour, kept: true, distance: 14),
            SummaryTests.outcome(.neighbour, index: 1, kept: false, distance: 2),
        ]
        let tasks = HarnessRun("GRACE", outcomes: outcomes, manifest: manifest()).tasks
        #expect(tasks.map(\.name) == ["errata_reliability", "errata_neighbours"])
        #expect(tasks[0].samples.map(\.document) == [0, 0, 1] && tasks[0].asked == 2)
        #expect(tasks[0].filters == ["none", "after_edit"])
        func figure(_ task: Int, _ metric: HarnessMetric, _ filter: String) -> HarnessTask.Figure? {
            tasks[task].figures.first { $0.metric == metric && $0.filter == filter }
        }
        #expect(figure(0, .allTokens, "none")?.value == 0.5)
        // Deviations of ½ twice: ½ over 1, and its root over the root of 2.
        #expect(figure(0, .allTokens, "none")?.standardError == 0.5)
        #expect(figure(0, .generated, "after_edit")?.value == 1)
        #expect(figure(0, .generated, "after_edit")?.standardError == nil)
        #expect(figure(1, .agreement, "none")?.value == 0.5)
        #expect(figure(1, .bitEqual, "none")?.value == 0.5)
        #expect(figure(1, .inScope, "none")?.value == 0.5 && tasks[1].lowerIsBetter == [.inScope])
        #expect(figure(1, .allTokens, "none") == nil)
    }

    @Test func aRunThatDidNotEndLeavesNone() throws {
        let outcome = SummaryTests.outcome(.edit, right: [true], said: "Ada")
        let row = MethodRow(method: "GRACE", edits: 1, rows: 1, outcomes: [outcome])
        let report = DatasetReport(format: .zsREMend, target: .alternative)
        let result = BenchResult(manifest: manifest(), dataset: report, methods: [row])
        let name = "lm-eval/tiny_GRACE/samples_errata_reliability_1970-01-01T00-00-00.000000.jsonl"
        try withFolder { folder in
            try folder.write(result, outcomes: ("GRACE", [outcome]))
            #expect(try files(in: folder)[name]?.split(separator: "\n").count == 1)
            try folder.write(result, outcomes: ("GRACE", [outcome]), isFinished: false)
            #expect(try !files(in: folder).keys.contains { $0.hasPrefix("lm-eval") })
            // What an earlier run left, of another model or another day, is not mixed in.
            try folder.write(result)
            var later = result
            later.manifest.date = "2026-01-01T00:00:00Z"
            try folder.write(later)
            let names = try files(in: folder).keys.filter { $0.hasPrefix("lm-eval") }
            #expect(names.count == 2 && names.allSatisfy { $0.contains("2026-01-01T00-00-00") })
        }
    }
}
