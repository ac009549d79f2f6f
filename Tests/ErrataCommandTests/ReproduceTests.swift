import Foundation
import Testing

/// Tables by one command, in one process and in several.
@Suite(.serialized) struct ReproduceTests {
    private static let recipe = """
        {"title": "Small: two methods", "source": "nobody", "shows": ["answers", "cost"],
         "streams": [{"data": ["zsre"], "methods": ["unedited", "lora", "ft-l:paper"], "edits": 3,
                      "seeds": [1, 2], "localityPerEdit": 1, "settings": {"lora.steps": 4}}]}
        """

    /// Three streams of which two are one: the preset has 50 steps.
    private static let sweep = """
        {"title": "Sweep: steps", "source": "nobody", "shows": ["sweep"],
         "streams": [{"data": ["zsre"], "methods": ["lora"], "edits": 2},
                     {"data": ["zsre"], "methods": ["lora"], "edits": 2, "vary": {"steps": [4, 50]}}]}
        """

    private let folder: Folder
    private let arguments: [String]

    init() throws {
        folder = try Folder()
        let recipes = folder.url.appending(path: "recipes")
        try FileManager.default.createDirectory(at: recipes, withIntermediateDirectories: true)
        try Data(Self.recipe.utf8).write(to: recipes.appending(path: "small.json"))
        try Data(Self.sweep.utf8).write(to: recipes.appending(path: "sweep.json"))
        arguments = [
            "reproduce", "small", "--model", TinyModel.tokenizer, "--zsre",
            TinyModel.tokenizer + "/edits.jsonl", "--recipes", recipes.path, "--threads", "1",
        ]
    }

    /// Every probe of every stream in the results folder `name`, by the stream's name.
    private func rows(_ name: String) throws -> [String: String] {
        let streams = folder.url.appending(path: "\(name)/streams")
        let names = try FileManager.default.contentsOfDirectory(atPath: streams.path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { stream in
                let file = streams.appending(path: "\(stream)/edits.jsonl")
                return (stream, try String(contentsOf: file, encoding: .utf8))
            })
    }

    private func alone(_ name: String) throws -> Errata {
        try Errata(arguments: arguments + ["--results", folder.path(name)])
    }

    @Test func tablesFiguresAndPageAreMade() throws {
        let run = try alone("alone")
        try #require(run.status == 0, Comment(rawValue: run.error))
        for name in ["report.html", "small/table.md", "small/results.json", "small/manifest.json"] {
            #expect(folder.holds("alone/\(name)"), "\(name)")
        }
        #expect(folder.holds("alone/small/seconds-zsre.svg"))
        #expect(try rows("alone").count == 6)
        // What stands there is shown again without being measured again.
        let again = try alone("alone")
        #expect(again.status == 0 && again.output == run.output && !again.error.contains("seed1"))
    }

    @Test func aValueThatThePresetHasIsMeasuredOnceAndShownAsAsked() throws {
        var arguments = arguments
        arguments[1] = "sweep"
        let run = try Errata(arguments: arguments + ["--results", folder.path("swept")])
        try #require(run.status == 0, Comment(rawValue: run.error))
        #expect(try Set(rows("swept").keys) == ["zsre-2-lora-seed1", "zsre-2-lora-steps=4-seed1"])
        let table = try String(
            contentsOf: folder.url.appending(path: "swept/sweep/table.md"), encoding: .utf8)
        #expect(table.contains("| LoRA, 4 ") && table.contains("| LoRA, 50 "))
        #expect(!table.contains("not measured yet"))
    }

    @Test func thePlanIsToldBeforehand() throws {
        let run = try Errata(
            arguments: arguments + ["--results", folder.path("none"), "--dry-run"])
        #expect(run.status == 0 && run.output.contains("zsre-3-lora"))
        #expect(run.output.contains("All 6") && run.output.contains("0 streams are measured"))
        #expect(!folder.holds("none/report.html"))
    }

    @Test func methodsMayBeMeasuredOneAfterAnother() throws {
        let some = try Errata(
            arguments: arguments + [
                "--results", folder.path("parts"), "--methods", "unedited,ft-l",
            ])
        try #require(some.status == 0, Comment(rawValue: some.error))
        #expect(try rows("parts").count == 4)
        let rest = try Errata(
            arguments: arguments + ["--results", folder.path("parts"), "--methods", "lora"])
        #expect(rest.status == 0 && !rest.error.contains("ft-l"))
        // What was measured before is shown beside it, and every row is that of one run.
        #expect(rest.output.contains("FT-L") && rest.output.contains("LoRA"))
        #expect(try alone("alone").status == 0)
        #expect(try rows("parts") == rows("alone"))
        try Errata(
            arguments: arguments + ["--results", folder.path("parts"), "--methods", "grace"]
        )
        .requireSentence("expected --methods with a method of these recipes, got grace.")
    }

    @Test func anUnknownRecipeIsNamed() throws {
        var wrong = arguments
        wrong[1] = "table9"
        try Errata(arguments: wrong + ["--results", folder.path("none")])
            .requireSentence("expected one of small, sweep or all, got table9.")
    }

    /// One of three ranks is killed as soon as it has a stream, and all rows come out as from one,
    /// also where a rank has a folder of its own.
    @Test func threeProcessesOneKilledEqualOne() throws {
        try #require(try alone("alone").status == 0)
        let port = String(Int.random(in: 20_000..<50_000))
        let ranks = try (0..<3).map { rank in try start(rank: rank, of: 3, port: port) }
        let victim = ranks[2]
        _ = victim.error.fileHandleForReading.availableData
        kill(victim.process.processIdentifier, SIGKILL)
        let said = ranks[0].error.fileHandleForReading.readDataToEndOfFile()
        for rank in ranks { rank.process.waitUntilExit() }
        #expect(
            ranks[0].process.terminationStatus == 0,
            Comment(rawValue: String(decoding: said, as: UTF8.self)))
        #expect(ranks[1].process.terminationStatus == 0)
        #expect(try rows("shared") == rows("alone"))
        for name in ["shared", "own"] {
            let left = FileManager.default.enumerator(atPath: folder.path(name))!
            #expect(!left.contains { ($0 as! String).hasSuffix("/stopped") })
        }
    }

    /// Ctrl-C at one rank is not the end of the others: what it had begun is measured by them.
    @Test func aRankThatIsStoppedEndsAlone() throws {
        let port = String(Int.random(in: 20_000..<50_000))
        let ranks = try (0..<2).map { rank in try start(rank: rank, of: 2, port: port) }
        _ = ranks[1].error.fileHandleForReading.availableData
        ranks[1].process.interrupt()
        let said = ranks.map { $0.error.fileHandleForReading.readDataToEndOfFile() }
        for rank in ranks { rank.process.waitUntilExit() }
        #expect(
            ranks[0].process.terminationStatus == 0,
            Comment(rawValue: String(decoding: said[0], as: UTF8.self)))
        #expect(
            ranks[1].process.terminationStatus == 130,
            Comment(rawValue: String(decoding: said[1], as: UTF8.self)))
        #expect(try rows("shared").count == 6)
    }

    private func start(rank: Int, of count: Int, port: String) throws -> (
        process: Process, error: Pipe
    ) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = Errata.executable
        process.arguments = arguments + ["--results", folder.path(rank == 1 ? "own" : "shared")]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "RANK": String(rank), "WORLD_SIZE": String(count), "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
        ]) { $1 }
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return (process, pipe)
    }
}
