import Foundation
import Testing

/// Pretrain, edit, ask, generate: the whole way through the program, on a model made tiny.
@Suite(.serialized)
struct MainJobTests {
    private let folder: Folder
    private let model: String

    init() throws {
        folder = try Folder()
        model = try TinyModel.make(in: folder)
    }

    private var recipe: [String] {
        [
            "--method", "elder", "--preset", "paper", "--set", "layers=1", "--set", "steps=60",
            "--set", "learningRate=0.003",
        ]
    }

    @Test func anEditIsSavedAnsweredAndUpdatedInPlace() throws {
        let first = try Errata(
            arguments: [
                "edit", "--model", model, "--output", folder.path("edited"), "-p",
                "Ada Lind works as a", "-t", "pilot", "--json",
            ] + recipe)
        #expect(first.status == 0, Comment(rawValue: first.error))
        #expect(try first.json["edits"] as? Int == 1)
        #expect(folder.holds("edited/errata.json"))

        let asked = try Errata(
            "ask", "--model", folder.path("edited"), "Ada Lind works as a")
        #expect(asked.status == 0)
        #expect(asked.output.contains("before   baker"))
        #expect(asked.output.contains("after    pilot"))
        #expect(asked.output.contains("by ada-lind-works-as-a"))

        let second = try Errata(
            "edit", "--model", folder.path("edited"), "-p", "Tomas Reth works as a", "-t",
            "baker", "--no-gate")
        #expect(second.status == 0, Comment(rawValue: second.error))
        #expect(second.output.contains("Saved in \(folder.path("edited"))."))

        let generated = try Errata(
            "generate", "--model", folder.path("edited"), "--unedited", "Ada Lind works as a",
            "--max-tokens", "8")
        #expect(generated.output.trimmingCharacters(in: .whitespacesAndNewlines) == "baker")
    }

    @Test func whatAFileLeavesOpenIsTakenFromTheOptions() throws {
        let file = try folder.file(
            "edits.jsonl",
            """
            {"id": "one", "prompt": "Ada Lind works as a", "target": "pilot", "tags": ["work"]}
            {"id": "two", "prompt": "Tomas Reth works as a", "target": "baker", "source": "post"}
            """)
        let run = try Errata(
            arguments: [
                "edit", "--model", model, "--output", folder.path("edited"), "--file", file,
                "--source", "the registry", "--tag", "spring", "--no-gate",
            ] + recipe)
        #expect(run.status == 0, Comment(rawValue: run.error))
        let one = try Errata("show", "--model", folder.path("edited"), "one").output
        #expect(one.contains("the registry") && one.contains("work, spring"))
        let two = try Errata("show", "--model", folder.path("edited"), "two").output
        #expect(two.contains("post") && two.contains("spring") && !two.contains("registry"))
    }

    @Test func whatIsRefusedBesideWhatIsLiveIsSaid() throws {
        let edits = ["pilot", "sailor"].map {
            #"{"prompt": "Ada Lind works as a", "target": "\#($0)"}"#
        }
        let file = try folder.file("edits.jsonl", edits.joined(separator: "\n"))
        let run = try Errata(
            arguments: [
                "edit", "--model", model, "--output", folder.path("edited"), "--file", file,
                "--batch", "1", "--conflicts", "reject", "--no-gate",
            ] + recipe)
        #expect(run.status == 3)
        #expect(run.output.contains("Not live: ") && run.output.contains("Saved in "))
        #expect(
            run.error.hasSuffix(
                "errata: expected every transaction to go live, but 1 transaction did not; the "
                    + "report says why, and the others are live.\n"))
        let log = try Errata("log", "--model", folder.path("edited"), "--kind", "publish")
        #expect(log.status == 0 && log.output.count { $0 == "\n" } == 1)
    }

    @Test func aRecipeKeepsTheSavedModelsOwn() throws {
        let saved = try Errata(
            arguments: [
                "edit", "--model", model, "--output", folder.path("edited"), "-p", "a", "-t", "b",
                "--no-gate",
            ] + recipe)
        #expect(saved.status == 0, Comment(rawValue: saved.error))
        let again = try Errata(
            "edit", "--model", folder.path("edited"), "-p", "a", "-t", "b", "--preset", "paper")
        #expect(again.status == 2)
        #expect(again.error.contains("is an edited model and keeps its own method and recipe"))
    }

    @Test(arguments: [
        ("stepz=3", "config key `stepz` is unknown; did you mean `steps`?"),
        ("steps=0", "Config key `steps` must be at least 1, not 0."),
    ])
    func aWrongKeyIsNamed(_ replacement: String, _ sentence: String) throws {
        let run = try Errata(
            "edit", "--model", model, "--output", folder.path("edited"), "-p", "a", "-t", "b",
            "--method", "elder", "--set", replacement)
        #expect(run.status == 2)
        #expect(run.error.hasSuffix("errata: \(sentence)\n"))
        #expect(!folder.holds("edited"))
    }

    @Test func aTruncatedModelIsOneSentence() throws {
        let weights = folder.url.appending(path: "model/model.safetensors")
        let data = try Data(contentsOf: weights)
        try data.prefix(data.count / 2).write(to: weights)
        let run = try Errata("ask", "--model", model, "Who?")
        #expect(run.status == 2)
        #expect(run.error.contains("is not a whole safetensors file"))
        #expect(run.error.count { $0 == "\n" } == 1)
    }

    @Test func whatIsPretrainedIsKnown() throws {
        let run = try Errata("ask", "--model", model, "Ada Lind works as a", "--json")
        #expect(run.status == 0)
        #expect(run.output.contains("baker"))
    }

    @Test func aLlamaIsPretrainedAndCorrected() throws {
        let llama = folder.path("llama")
        let trained = try Errata(
            "pretrain", "--family", "llama", "--corpus", folder.path("corpus.jsonl"),
            "--tokenizer", TinyModel.tokenizer, "--output", llama, "--blocks", "3", "--width", "32",
            "--heads", "2", "--context", "32", "--steps", "300", "--batch-tokens", "64",
            "--learning-rate", "0.005", "--dtype", "f32", "--threads", "1")
        try #require(trained.status == 0, Comment(rawValue: trained.error))
        let config = try String(contentsOfFile: llama + "/config.json", encoding: .utf8)
        #expect(config.contains("LlamaForCausalLM"))
        let run = try Errata(
            "edit", "--model", llama, "--output", folder.path("edited"), "-p",
            "Ada Lind works as a", "-t", "pilot", "--method", "grace", "--no-gate", "--threads",
            "1")
        #expect(run.status == 0, Comment(rawValue: run.error))
        let answer = try Errata(
            "ask", "--model", folder.path("edited"), "Ada Lind works as a", "--json")
        #expect(answer.output.contains("baker") && answer.output.contains("pilot"))
        try Errata(
            "pretrain", "--family", "bert", "--corpus", folder.path("corpus.jsonl"),
            "--tokenizer", TinyModel.tokenizer, "--output", folder.path("other")
        ).requireSentence("expected a model of family gpt2 or llama, got bert.")
    }

    @Test func aCheckpointIsNotWrittenOver() throws {
        let run = try Errata(
            "pretrain", "--corpus", folder.path("corpus.jsonl"), "--tokenizer",
            TinyModel.tokenizer, "--output", model)
        run.requireSentence(
            "expected --output without a model in it, but \(model) has config.json; remove it or "
                + "choose another directory.")
    }

    @Test func ctrlCInTheMiddleWritesNothing() throws {
        let edits = (0..<400).map { #"{"prompt": "Fact number \#($0) is", "target": "true"}"# }
        let file = try folder.file("edits.jsonl", edits.joined(separator: "\n"))
        let run = try Errata(
            arguments: [
                "edit", "--model", model, "--output", folder.path("edited"), "--file", file,
                "--threads", "1",
            ] + recipe, interruptedAfter: 2)
        run.requireSentence(
            "stopped; nothing was written to \(folder.path("edited")).", status: 130)
        #expect(!folder.holds("edited"))
    }
}
