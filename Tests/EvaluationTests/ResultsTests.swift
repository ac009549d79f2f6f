import Edits
import Foundation
import Testing

@testable import Evaluation

@Suite struct ResultsTests {
    let outcomes = [
        SummaryTests.outcome(.edit, right: [true], said: "Ada", distance: 0),
        SummaryTests.outcome(.rephrase, right: [true, false], said: "Bo", distance: 2),
        SummaryTests.outcome(.neighbour, kept: true, distance: 14),
    ]

    func result() throws -> BenchResult {
        let config = try ELDERConfig.paper(blocks: 12, part: .expansion)
        let manifest = Manifest(
            command: ["errata", "bench"], edits: 1, configs: ["ELDER paper": try JSONValue(config)],
            seeds: [1], data: [.init(name: "zsre.json", digest: sha256(Data("abc".utf8)))],
            split: .promptOnly, model: "tiny", modelDigest: "00", versions: ["torch": "2"],
            device: "cpu", dtype: "float32", threads: 2, processor: "some processor, 2 cores",
            date: Date(timeIntervalSince1970: 0))
        var row = MethodRow(method: "ELDER paper", edits: 1, rows: 1, outcomes: outcomes)
        row.secondsPerEdit = Spread([0.25])
        row.trainableParameters = 1_574_424
        let report = DatasetReport(format: .zsREMend, target: .alternative)
        return BenchResult(manifest: manifest, dataset: report, methods: [row])
    }

    @Test func aManifestHasDigestDateAndConfig() throws {
        let manifest = try result().manifest
        // The published SHA-256 of “abc”.
        #expect(
            manifest.data[0].digest
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(manifest.date == "1970-01-01T00:00:00Z")
        guard case .object(let config) = manifest.configs["ELDER paper"] else {
            Issue.record("the config should be an object")
            return
        }
        #expect(config["steps"] == .number(50) && config["gate"] == .text("code"))
        #expect(config["renormalisesScores"] == .bool(false))
    }

    @Test(arguments: [
        ("avx avx2 fma", "AMD EPYC, AVX2, 2 cores"),
        ("avx2 avx512f avx512bw", "AMD EPYC, AVX-512, 2 cores"),
        ("avx2 avx512f avx512_bf16", "AMD EPYC, AVX-512 with bf16, 2 cores"),
        ("sse4_2", "AMD EPYC, 2 cores"),
    ]) func processorsOfOneNameAreToldApart(flags: String, expected: String) {
        let information = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu \(flags)\n"
        #expect(processor(in: information, cores: 2) == expected)
        #expect(processor(in: "", cores: 2) == "unknown processor, 2 cores")
        #expect(hostProcessor().hasSuffix(" cores"))
    }

    @Test func aResultSurvivesItsFolder() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let folder = try ResultsFolder(url)
        let result = try result()
        try folder.write(result, outcomes: ("ELDER paper", outcomes))
        #expect(try folder.read() == result)

        let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
        #expect(
            names == [
                "edits.jsonl", "lm-eval", "manifest.json", "report.html", "results.json",
                "table.md",
            ])
        let lines = try String(contentsOf: url.appending(path: "edits.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains(#""method":"ELDER paper""#))
        #expect(lines[0].contains(#""moment":"atEnd""#))
        let outcome = try JSONDecoder().decode(ProbeOutcome.self, from: Data(lines[0].utf8))
        #expect(outcome == outcomes[0])
    }

    /// A run that was stopped after a method goes on with the next one.
    @Test func aRunGoesOnWhereItStopped() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let folder = try ResultsFolder(url)
        var result = try result()
        try folder.write(result, outcomes: ("ELDER paper", outcomes), isFinished: false)
        #expect(!FileManager.default.fileExists(atPath: url.appending(path: "manifest.json").path))

        var later = result.manifest
        later.date = "2026-01-01T00:00:00Z"
        later.command = ["errata", "bench", "--methods", "all"]
        let kept = try #require(folder.kept(under: later))
        #expect(kept.row(of: "ELDER paper", like: later) == result.methods[0])
        #expect(kept.row(of: "GRACE", like: later) == nil)
        var other = later
        other.configs["ELDER paper"] = .object([:])
        #expect(kept.row(of: "ELDER paper", like: other) == nil)
        later.seeds = [2]
        #expect(folder.kept(under: later) == nil)

        result.methods.append(
            MethodRow(method: "GRACE", edits: 1, rows: 1, outcomes: Array(outcomes.prefix(1))))
        try folder.write(result, outcomes: ("GRACE", Array(outcomes.prefix(1))))
        let lines = try String(contentsOf: url.appending(path: "edits.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count { $0.contains(#""method":"ELDER paper""#) } == 3)
        #expect(lines.count { $0.contains(#""method":"GRACE""#) } == 1)
    }

    @Test func aFolderThatCannotBeWrittenIsOneSentence() throws {
        let error = #expect(throws: EvaluationError.self) {
            try ResultsFolder(URL(filePath: "/dev/null/results"))
        }
        #expect(error?.message.contains("/dev/null/results cannot be made") == true)
        #expect(error?.isFailure == false)
    }

    @Test func whatCannotBeWrittenLaterIsNoMistakeOfTheInput() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let folder = try ResultsFolder(url)
        try FileManager.default.removeItem(at: url)
        let error = #expect(throws: EvaluationError.self) {
            try folder.writeJSON([1], to: "results.json")
        }
        #expect(error?.isFailure == true)
    }

    @Test func alignsATableForTheTerminal() {
        var table = TextTable("Title", columns: ["Method", "Rel (%)"])
        table.rows = [["a|b", "9.5"], ["longer one", "100.0"]]
        #expect(
            table.plain == """
                Title
                Method      Rel (%)
                ──────────  ───────
                a|b             9.5
                longer one    100.0

                """)
        #expect(
            table.markdown == """
                **Title**

                | Method     | Rel (%) |
                | ---------- | ------: |
                | a\\|b       |     9.5 |
                | longer one |   100.0 |

                """)
    }

    @Test func tablesShowSharesInPercentAndDashesForWhatIsNotKnown() throws {
        let text = try result().plain
        #expect(text.hasPrefix("1 edits of zsre.json on tiny, prompt-only split"))
        #expect(text.contains("ELDER paper    100.0       100.0    100.0      0.0         0.0"))
        #expect(text.contains("1,574,424"))
        #expect(text.contains("0.250"))
        #expect(text.contains("–"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(try result().markdown.contains("errata bench"))
    }

    @Test func figuresAreShort() {
        #expect(Figure.percent(0.12345) == "12.3" && Figure.percent(nil) == "–")
        #expect(Figure.count(1_234_567) == "1,234,567" && Figure.count(999) == "999")
        #expect(Figure.count(-1_000) == "-1,000" && Figure.count(1_000_000) == "1,000,000")
        #expect(Figure.short(123.4) == "123" && Figure.short(0.04567) == "0.0457")
        #expect(Figure.short(0) == "0")
    }
}
