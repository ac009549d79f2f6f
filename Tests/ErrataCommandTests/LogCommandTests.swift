import Foundation
import Testing

/// The commands about a model's log, as a user runs them.
@Suite(.serialized) struct LogCommandTests {
    private let model: EditedModel

    init() throws { model = try EditedModel() }

    @Test func aLogThatCannotBeReadIsReportedFaultByFault() throws {
        try model.spoilLog()
        let run = try model.run("verify", "--json")
        #expect(run.status == 1)
        #expect(
            run.error.contains("expected log and snapshots as they were written, found 2 faults"))
        let faults = try #require(try run.json["faults"] as? [String])
        #expect(faults.count == 2)
        #expect(faults[0].contains("its hash does not follow"))
        #expect(faults[1].contains("cannot be read"))
        let lines = try model.run("verify", "--depth", "quick").output.split(separator: "\n")
        #expect(lines.map { $0.prefix(7) } == ["fault: ", "fault: "])
    }

    @Test func aFileThatIsNoLogIsAFaultToo() throws {
        try Data(repeating: 7, count: 9000).write(
            to: URL(filePath: model.path).appending(path: "log.sqlite"))
        let run = try model.run("verify", "--json")
        #expect(run.status == 1)
        #expect(try #require(try run.json["faults"] as? [String]).count == 1)
    }

    @Test func theGateIsOneObject() throws {
        let changed = try model.run(
            "gate", "--set", "rewrite=0.5", "--conflicts", "reject", "--json")
        #expect(changed.status == 0, Comment(rawValue: changed.error))
        #expect(try changed.json["rewrite"] as? Double == 0.5)
        #expect(try changed.json["conflicts"] as? String == "reject")
        let lines = try model.run("gate").output.split(separator: "\n")
        #expect(lines.contains("rewrite         0.5") && lines.contains("conflicts       reject"))
    }

    @Test func whatACommandDidIsToldAsJSON() throws {
        #expect(try model.run("settle", "--json").json["learned"] as? Int == 0)
        #expect(try model.run("compact", "--json").json["bytesFreed"] as? Int != nil)
        // The configuration, the edit, and its publication.
        let version = 3
        for command in [["backup"], ["checkout", "\(version)"]] {
            let output = model.folder.path(command[0])
            let run = try Errata(
                arguments: command + ["--model", model.path, "--output", output, "--json"])
            #expect(try run.json["output"] as? String == output)
            #expect(try run.json["version"] as? Int == version)
        }
        let nothing = try model.run("undo", "--expired", "--json")
        #expect(try nothing.json["targets"] as? [Int] == [])
    }

    @Test func tokensAreListedAsJSONWithoutTheirDigests() throws {
        let file = model.folder.path("tokens.json")
        let made = try Errata("token", "new", "--tokens", file, "--name", "ada", "--role", "ask")
        try #require(made.status == 0)
        let list = try Errata("token", "list", "--tokens", file, "--json")
        let tokens = try JSONSerialization.jsonObject(with: Data(list.output.utf8))
        let token = try #require((tokens as? [[String: Any]])?.first)
        #expect(token["name"] as? String == "ada" && token["roles"] as? [String] == ["ask"])
        #expect(token["digest"] == nil)
    }

    @Test(arguments: ["edit", "settle"])
    func aSeedIsRefusedWhereTheModelKeepsItsOwn(_ command: String) throws {
        let edit = command == "edit" ? ["-p", "Fethholm is a city in", "-t", "Makunia"] : []
        try Errata(arguments: [command, "--model", model.path, "--seed", "99"] + edit)
            .requireSentence(
                "\(model.path) is an edited model and keeps its own seed; leave --seed out.")
    }

    @Test func anEditedModelIsNotTraced() throws {
        try model.run("trace", "--data", TinyModel.tokenizer + "/edits.jsonl").requireSentence(
            "expected a checkpoint to trace, got \(model.path), an edited model; give its base, "
                + "which its errata.json names.")
    }
}
