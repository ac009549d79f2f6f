import Foundation
import Testing

@testable import Evaluation

/// What is asked of a file in the released format, to the byte.
@Suite struct TaskReadingTests {
    private let files: TaskFiles

    init() throws { files = try TaskFiles() }

    private func questions(_ task: GeneralTask) throws -> [Question] {
        try files.items(task).map(\.question)
    }

    @Test func gsm8kHasTheRationaleInThePrompt() throws {
        #expect(
            try questions(.gsm8k) == [
                Question(
                    "Q: Two boats and 3 oars? A:Let's think step by step. 2+3=<<2+3=5>>5\n "
                        + "Therefore, the answer (arabic numerals) is:", .contains("1,005")),
                Question(
                    "Q: Why  not? A:Let's think step by step. No.\n "
                        + "Therefore, the answer (arabic numerals) is:", .contains("-3")),
            ])
    }

    @Test func rteIsATableWithoutQuoting() throws {
        #expect(
            try questions(.rte) == [
                Question(
                    "Ada \"rows. entails the Ada moves.. True or False? answer:",
                    .containsWord("true", of: ["true", "false"])),
                Question(
                    "Bo sits. entails the Bo stands.. True or False? answer:",
                    .containsWord("false", of: ["true", "false"])),
            ])
    }

    @Test func nqAsksThePassageThenTheQuestion() throws {
        #expect(
            try questions(.nq) == [
                Question(
                    "Refer to the passage below and answer the following question. "
                        + "Passage: \n\nAda. Question: who rows?", .span(["Ada Lind", "The Cox"]))
            ])
    }

    @Test func boolqWantsYesOrNo() throws {
        #expect(
            try questions(.boolq) == [
                Question(
                    "Please answer the given question based on the passage. The answer should be "
                        + "exact 'yes' or 'no'. passage: A lake. question: is it wet. answer:",
                    .isWord("yes", of: ["yes", "no"])),
                Question(
                    "Please answer the given question based on the passage. The answer should be "
                        + "exact 'yes' or 'no'. passage: B. question: is it dry. answer:",
                    .isWord("no", of: ["yes", "no"])),
            ])
    }

    @Test func mutualKeepsTheMisspellingAndTheOrderOfNumbers() throws {
        let prompt =
            "Q: f : hi . Which choice is correct? Answer Chioces: (A)m : a .(B)b(C)c(D)d "
            + "A: Among A through D, the answer is"
        #expect(
            try questions(.mutual) == [
                Question(prompt, .contains("B")), Question(prompt, .contains("D")),
            ])
    }

    @Test func samsumKeepsLineEnds() throws {
        #expect(
            try questions(.samsum) == [
                Question("A: Hi\r\nB: Ho \nTL;DR:", .summary("Ada rows."))
            ])
    }

    @Test func conll03AsksFourThingsOfASentence() throws {
        let text = "Ada Lind, Karst Velden."
        func question(_ part: String, _ text: String, _ entities: [String]) -> Question {
            Question(
                "Please identify \(part) Entity from the given text. Text: \(text) Entity:",
                .entities(entities), part: part)
        }
        #expect(
            try questions(.conll03) == [
                question("Person", text, ["Ada Lind"]),
                question("Location", text, ["Karst", "Velden"]),
                question("Organization", text, []), question("Miscellaneous", text, []),
                question("Person", "Rowers", []), question("Location", "Rowers", []),
                question("Organization", "Rowers", ["Rowers"]),
                question("Miscellaneous", "Rowers", []),
            ])
    }

    @Test func sst2KeepsTheSpaceAfterTheText() throws {
        let start =
            "For each snippet of text,label the sentiment of the text as positive or negative."
            + "The answer should be exact 'positive' or 'negative'. text: "
        let words = ["positive", "negative"]
        #expect(
            try questions(.sst2) == [
                Question(start + "it 's a \"lake  answer:", .containsWord("positive", of: words)),
                Question(start + "flat  answer:", .containsWord("negative", of: words)),
            ])
    }

    @Test(arguments: GeneralTask.allCases)
    func aByteOrderMarkIsNoPartOfTheText(task: GeneralTask) throws {
        let items = try files.items(task)
        let names = task == .mutual ? ["dev_2.txt", "dev_10.txt"] : [nil]
        for name in names {
            var file = files.url.appending(path: task.path)
            if let name { file.append(path: name) }
            let text = try String(contentsOf: file, encoding: .utf8)
            try files.write(task, "\u{FEFF}" + text, as: name)
        }
        #expect(try files.items(task) == items)
    }

    @Test func aLimitIsOfRecords() throws {
        #expect(try files.items(.conll03, limit: 1).map(\.index) == [0, 1, 2, 3])
        #expect(try files.items(.mutual, limit: 1).map(\.question.rule) == [.contains("B")])
        #expect(try files.items(.rte, limit: 9).count == 2)
    }

    @Test func continuationsAreAsLongAsInTheBenchmark() {
        let counts = GeneralTask.allCases.map(\.maximumTokens)
        #expect(counts == [5, 1, 20, 1, 1, 25, 10, 1])
    }

    @Test(arguments: [
        (GeneralTask.gsm8k, "", "it is empty; give a JSON list of records, or one record a line."),
        (.gsm8k, #"{"question": "a", "ans"#, "malformed JSON: line 1, column 23 should be"),
        (.gsm8k, #"{"question": "a", "answer": "5"}"#, "line 1: `answer` should end with `#### `"),
        (.nq, #"{"question": "a", "answer": [], "output": ["b"]}"#, "line 1: `answer` should be a"),
        (.nq, #"{"question": "a", "answer": ["c"]}"#, "line 1: `output` is missing."),
        (.boolq, #"{"question": "a", "passage": "b", "answer": "c"}"#, "`answer` should be true"),
        (.samsum, #"[{"dialogue": "a", "summary": "b"}, {"dialogue": 3}]"#, "record 2: `dialogue`"),
        (.samsum, #"[{"dialogue": "a", "summary": "b"}"#, "should be `,` or `]`."),
        (.rte, "0\ta\tb\tentailment", "its first line should be the heading index, sentence1,"),
        (.rte, "index\tsentence1\tsentence2\tlabel\n0\ta\tb", "line 2: expected 4 cells"),
        (.rte, "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tno", "line 2: expected the label"),
        (.sst2, "sentence\tlabel\n", "it holds no record."),
        (.sst2, "sentence\tlabel\na\t2", "line 2: expected the label 0 or 1, got `2`."),
        (.conll03, "a NN B-NP O\n\nb NN", "line 3: expected `token POS chunk tag`"),
        (.conll03, "a NN B-NP B-CAR", "line 1: expected `token POS chunk tag`"),
    ])
    func aDamagedFileIsOneSentence(task: GeneralTask, text: String, sentence: String) throws {
        try files.write(task, text)
        let error = #expect(throws: EvaluationError.self) { try files.items(task) }
        let message = try #require(error).message
        #expect(message.contains(sentence), "\(message)")
        #expect(message.contains("/\(task.path) cannot be used: "), "\(message)")
        #expect(message.hasSuffix("."))
    }

    @Test func aWrongLetterIsNamedWithItsFile() throws {
        try files.write(
            .mutual, #"{"answers": "E", "options": ["a", "b", "c", "d"], "article": ""}"#,
            as: "dev_2.txt")
        let error = #expect(throws: EvaluationError.self) { try files.items(.mutual) }
        #expect(
            error?.message.hasSuffix(
                "dev_2.txt cannot be used: line 1: `answers` should be A, B, C or D but is `E`.")
                == true)
    }

    @Test func whatIsMissingIsNamed() throws {
        try FileManager.default.removeItem(at: files.url.appending(path: "rte"))
        try FileManager.default.removeItem(at: files.url.appending(path: "mutual"))
        let file = #expect(throws: EvaluationError.self) { try files.items(.rte) }
        #expect(file?.message.contains("rte/test-NLI.tsv cannot be read") == true)
        let dialogues = #expect(throws: EvaluationError.self) { try files.items(.mutual) }
        #expect(dialogues?.message.contains("mutual/test-dialogue holds no dialogue") == true)
        let folder = #expect(throws: EvaluationError.self) {
            try TaskFolder(URL(filePath: "/nowhere/tasks"))
        }
        #expect(folder?.message.hasPrefix("Expected a folder of tasks at /nowhere/tasks") == true)
        let name = #expect(throws: EvaluationError.self) { try GeneralTask(name: "glue") }
        #expect(name?.message.contains("The task `glue` is unknown; expected one of gsm8k") == true)
    }
}
