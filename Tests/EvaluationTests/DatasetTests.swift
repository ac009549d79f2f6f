import Edits
import Foundation
import Testing

@testable import Evaluation

/// Invented records in every format.
@Suite struct DatasetTests {
    func read(
        _ text: String, format: DatasetFormat? = nil, target: ZsRETarget = .alternative
    ) throws -> Dataset {
        try Dataset.read(Data(text.utf8), format: format, target: target)
    }

    let zsRE = #"""
        [{"subject": "Orm Tower", "src": "Where is Orm Tower?", "pred": "x", "rephrase": "Orm Tower is where?",
          "alt": " Velden ", "answers": ["Karst", "Karst Town"], "loc": "nq question: who rows", "loc_ans": "Ada",
          "cond": "c"},
         {"subject": "Orm Tower", "src": "In what town is Orm Tower?", "rephrase": "Town of Orm Tower?",
          "alt": "Lund", "answers": ["Karst"], "loc": "nq question: who", "loc_ans": "Bo", "cond": "c"},
         {"subject": "Old Mill", "src": "Who built Old Mill?", "rephrase": "Builder of Old Mill?",
          "alt": "Ivo", "answers": ["Ivo"], "loc": "nq question: why", "loc_ans": "", "cond": "c"},
         {"subject": "New Mill", "src": "Who built New Mill?", "rephrase": "Builder?",
          "alt": "  ", "answers": ["Una"], "loc": "nq question: why", "loc_ans": "", "cond": "c"}]
        """#

    @Test func readsZsREInMendStyle() throws {
        let data = try read(zsRE)
        #expect(data.records.count == 3)
        let first = data.records[0]
        #expect(first.prompt == "Where is Orm Tower?" && first.target == "Velden")
        #expect(first.rephrases == ["Orm Tower is where?"] && first.formerAnswer == "Karst")
        #expect(
            first.locality
                == [LocalityProbe(prompt: "who rows", answer: "Ada", kind: .unrelated)])
        #expect(data.report.format == .zsREMend && data.report.target == .alternative)
        #expect(data.report.edits == 3 && data.report.facts == 2)
        #expect(data.report.conflicts == 1 && data.report.unchanged == 1)
        #expect(data.report.skipped.map(\.record) == [4])
        #expect(data.report.skipped.map(\.reason) == ["its target is blank"])
    }

    @Test func teachesTheTrueAnswerWhenAsked() throws {
        let data = try read(zsRE, target: .answers)
        #expect(data.records.map(\.target) == ["Karst", "Karst", "Ivo", "Una"])
        #expect(data.records.allSatisfy { $0.formerAnswer == nil })
        #expect(data.report.target == .answers && data.report.unchanged == 0)
    }

    @Test func aBlankFormerAnswerIsNone() throws {
        let records = try [
            #"[{"src": "Who?", "alt": "Ada", "answers": [" "], "subject": "Boat"}]"#,
            #"[{"prompt": "Who?", "target_new": "Ada", "ground_truth": [""]}]"#,
            #"[{"requested_rewrite": {"prompt": "{}?", "target_new": {"str": "Ada"}, "#
                + #""target_true": {"str": " "}, "subject": "Who"}}]"#,
            #"{"prompt": "Who?", "target": "Ada", "formerAnswer": " "}"#,
        ].map { try read($0).records[0] }
        #expect(records.allSatisfy { $0.prompt == "Who?" && $0.formerAnswer == nil })
        let second = try read(#"[{"src": "Who?", "alt": "Ada", "answers": ["", "Bo"]}]"#)
        #expect(second.records[0].formerAnswer == "Bo")
    }

    @Test(arguments: [
        #"[{"src": "Who?", "alt": "Ada"}]"#, #"{"prompt": "Who?", "target": "Ada"}"#,
    ])
    func aByteOrderMarkIsNoPartOfTheText(text: String) throws {
        #expect(try read("\u{FEFF}" + text) == read(text))
    }

    @Test func readsKnowEdit() throws {
        let data = try read(
            #"""
            [{"subject": "Orm Tower", "prompt": "Orm Tower stands in", "target_new": "Velden",
              "ground_truth": ["Karst"], "rephrase_prompt": "The town of Orm Tower is",
              "portability": {}, "locality": {"Relation_Specificity": [
                {"prompt": "Orm Tower was built by", "ground_truth": [["Ivo"], ["Una"]]}],
                "Other": [{"prompt": "nq question: who", "ground_truth": "Ada"}]}}]
            """#)
        #expect(data.report.format == .knowEdit)
        let record = data.records[0]
        #expect(record.formerAnswer == "Karst" && record.rephrases.count == 1)
        #expect(
            record.locality == [
                LocalityProbe(prompt: "who", answer: "Ada", kind: .unrelated),
                LocalityProbe(prompt: "Orm Tower was built by", answer: "Ivo", kind: .neighbour),
            ])
    }

    @Test func readsAnnotatedZsREFromLines() throws {
        let data = try read(
            #"{"id": "a", "input": "Who?", "output": [{"answer": "Ada"}], "filtered_rephrases": ["W?", "V?"]}"#
                + "\n\n"
                + #"{"id": "a", "input": "Why?", "output": [{"answer": "So"}], "filtered_rephrases": []}"#
        )
        #expect(data.report.format == .zsREAnnotated)
        #expect(data.records.map(\.target) == ["Ada", "So"])
        #expect(data.records.map(\.id) == ["a", "a-record-3"])
        #expect(data.records[0].rephrases == ["W?", "V?"])
    }

    @Test func readsCounterFactAsPublished() throws {
        let data = try read(
            #"""
            [{"case_id": 7, "requested_rewrite": {"prompt": "{} stands in", "relation_id": "P131",
              "target_new": {"str": "Velden", "id": "Q1"}, "target_true": {"str": "Karst", "id": "Q2"},
              "subject": "Orm Tower"}, "paraphrase_prompts": ["Bla. Orm Tower is in", "Orm Tower, in"],
              "neighborhood_prompts": ["Old Mill stands in", "New Mill stands in"]}]
            """#)
        let record = data.records[0]
        #expect(data.report.format == .counterFact && record.id == "counterfact-7")
        #expect(record.prompt == "Orm Tower stands in" && record.target == "Velden")
        #expect(record.formerAnswer == "Karst" && record.relation == "P131")
        #expect(record.locality.map(\.answer) == ["Karst", "Karst"])
        #expect(record.locality.allSatisfy { $0.kind == .neighbour })
    }

    @Test func readsCounterFactFlattened() throws {
        let data = try read(
            #"""
            [{"case_id": 7, "prompt": "Orm Tower stands in", "target_new": "Velden", "subject": "Orm Tower",
              "ground_truth": "Karst", "rephrase_prompt": "Orm Tower is in",
              "locality_prompt": "Old Mill stands in", "locality_ground_truth": "Karst"},
             {"case_id": 8, "prompt": "Orm Tower stands in", "target_new": "Lund", "subject": "Orm Tower",
              "ground_truth": "Karst", "rephrase_prompt": "r", "locality_prompt": "l",
              "locality_ground_truth": "Karst"},
             {"case_id": 9, "prompt": "Orm Tower stands in", "target_new": "Lund", "subject": "Orm Tower",
              "ground_truth": "Karst", "rephrase_prompt": "r", "locality_prompt": "l",
              "locality_ground_truth": "Karst"}]
            """#)
        #expect(data.report.format == .counterFactFlat && data.report.neighbours == 3)
        #expect(data.report.facts == 1)
        #expect(data.report.conflicts == 2 && data.report.duplicates == 1)
        #expect(data.report.summary.contains("2 contradict an earlier one"))
    }

    @Test func whatContradictsAnEarlierEditIsLeftOutWhereWanted() throws {
        let data = try Dataset.read(Data(zsRE.utf8), isConsistent: true)
        #expect(data.records.map(\.target) == ["Velden", "Ivo"])
        #expect(data.report.edits == 2 && data.report.conflicts == 0)
        #expect(data.report.skipped.map(\.record) == [2, 4])
        #expect(data.report.skipped[0].reason == "contradicts an earlier one")
        let lines = ["Ada", "Bo", "Ada"].map { #"{"prompt": "Who?", "target": "\#($0)"}"# }
        let own = try Dataset.read(
            Data(lines.joined(separator: "\n").utf8), isConsistent: true)
        #expect(own.records.map(\.target) == ["Ada", "Ada"])
        #expect(own.report.duplicates == 1 && own.report.skipped.map(\.record) == [2])
    }

    @Test func subjectsCanBeLeftOut() throws {
        let data = try Dataset.read(Data(zsRE.utf8))
        let bare = data.withoutSubjects()
        #expect(data.records.allSatisfy { $0.subject != nil })
        #expect(bare.records.allSatisfy { $0.subject == nil })
        #expect(bare.records.map(\.prompt) == data.records.map(\.prompt))
        #expect(bare.report == data.report)
    }

    @Test func readsQuestionsAndAnswers() throws {
        let data = try read(
            #"""
            [{"prompt": "Who rows?", "target": "Ada", "rephrase": "Rows who?",
              "locality": [{"loc": "nq question: who sits", "loc_ans": "Bo"}]}]
            """#)
        #expect(data.report.format == .questionAnswer)
        #expect(data.records[0].locality[0].prompt == "who sits")
    }

    @Test func readsErrataLines() throws {
        let data = try read(
            #"{"prompt": "Who?", "target": "Ada", "formerAnswer": "Ada"}"# + "\n"
                + #"{"prompt": "Who?", "target": "Bo", "author": "cy"}"#)
        #expect(data.report.format == .errata && data.records.count == 2)
        #expect(data.report.conflicts == 1 && data.report.unchanged == 1)
    }

    @Test(arguments: [
        ("", "it is empty"),
        (" \n ", "it is empty"),
        ("[]", "its list is empty"),
        (
            "[\n {\"src\": \"a\",\n  \"alt\" \"b\"}]",
            "malformed JSON: line 3, column 9 should be `:`"
        ),
        ("[{\"src\": \"a\"", "malformed JSON: line 1, column 13 should be `,` or `}`"),
        (
            "{\"prompt\": \"a\", \"target\": \"b\"}\n{\"prompt\": nul}",
            "malformed JSON: line 2, column 15 should be `null`"
        ),
        ("[{\"src\": \"a\", \"alt\": \"b\"}, 3]", "record 2 should be a JSON object"),
        (
            "[{\"src\": \"a\", \"alt\": \"b\"}, {\"src\": \"c\"}]",
            "record 2 as zsre-mend: `alt` is missing"
        ),
        ("[{\"src\": \"a\", \"alt\": {}}]", "record 1 as zsre-mend: `alt` should be text"),
        ("[{\"src\": \"a\", \"alt\": \"\"}]", "none of its 1 records can be used"),
        ("[{\"requested_rewrite\": 1}]", "`requested_rewrite` should be an object"),
        ("{\n \"prompt\": \"a\",\n \"target\": \"b\"}", "it is one JSON object"),
        ("[{\"colour\": \"red\"}]", "its format is not known"),
        ("{\"prompt\": \"a\"}", "The edit on line 1 cannot be read: `target` is missing"),
        ("[{\"prompt\": \"a\"}]", "record 1 as qa: `target` is missing"),
    ])
    func refusesInOneSentence(text: String, sentence: String) {
        let error = #expect(throws: (any Error).self) { try read(text) }
        #expect("\(error!)".contains(sentence), "\(error!)")
    }

    @Test func namesTheFile() {
        let url = URL(filePath: "/nowhere/edits.json")
        let error = #expect(throws: EvaluationError.self) { try Dataset.read(url) }
        #expect(error?.message.contains("/nowhere/edits.json cannot be read") == true)
        let name = #expect(throws: EvaluationError.self) { try DatasetFormat(name: "zsre") }
        #expect(name?.message.contains("expected one of zsre-mend, knowedit") == true)
    }

    @Test(arguments: [
        "{}", " [1, -2.5e3, \"a\\u00e9\\n\", {\"b\": [true, false, null]}] ", "\"x\"",
    ])
    func findsNoFaultInJSON(text: String) {
        #expect(JSONFault.first(in: Data(text.utf8)) == nil)
    }

    @Test(arguments: ["", "[1,]", "{\"a\": 1,}", "[1 2]", "\"a", "\"\\x\"", "1 2", "-", "\"\n\""])
    func findsAFault(text: String) {
        #expect(JSONFault.first(in: Data(text.utf8)) != nil)
    }

    @Test func readsTenThousandRecordsQuickly() throws {
        let record =
            #"{"case_id": N, "prompt": "P N", "target_new": "T", "subject": "S N", "#
            + #""ground_truth": "G", "rephrase_prompt": "R", "locality_prompt": "L", "#
            + #""locality_ground_truth": "A"}"#
        let text = (0..<10_000).map { record.replacing("N", with: "\($0)") }
        let data = Data("[\(text.joined(separator: ","))]".utf8)
        var records = 0
        let time = try ContinuousClock().measure { records = try Dataset.read(data).records.count }
        #expect(records == 10_000)
        // Half a second in a release build on a busy machine of two cores.
        #expect(time < .seconds(10), "\(time)")
    }
}
