import Edits
import Foundation
import Testing

@Suite struct EditRecordTests {
    let full = #"""
        {"id": "tower-1", "prompt": "The Orm Tower stands in ", "target": " Velden",
         "rephrases": ["Where is the Orm Tower? It is in"],
         "subject": "Orm Tower", "relation": "location", "formerAnswer": "Karst",
         "locality": [{"prompt": "The Old Mill stands in", "answer": "Karst", "kind": "neighbour"},
                      {"prompt": "Two and two make"}],
         "source": "https://example.org/orm", "author": "ada", "reason": "moved in 2024",
         "validFrom": "2024-05-01", "validUntil": "2031-01-01T00:00:00Z"}
        """#.replacingOccurrences(of: "\n", with: "")

    func read(_ text: String) throws -> [EditRecord] {
        try EditRecord.decode(jsonLines: Data(text.utf8))
    }

    @Test func readsEveryKeyAndTrimsTheTexts() throws {
        let record = try #require(try read(full).first)
        #expect(record.id == "tower-1")
        #expect(record.prompt == "The Orm Tower stands in")
        #expect(record.target == "Velden")
        #expect(record.locality.map(\.kind) == [.neighbour, .unrelated])
        #expect(record.factKey == "Orm Tower · location")
        #expect(record.validUntil == "2031-01-01T00:00:00Z")
    }

    @Test func writesWhatItReads() throws {
        let records = try read(full + "\r\n\n  \n" + #"{"prompt": "a/ü", "target": "b"}"#)
        #expect(records.map(\.id) == ["tower-1", "a-ü-\(EditRecord.digits(of: "a/ü"))"])
        #expect(try EditRecord.decode(jsonLines: EditRecord.encode(records)) == records)
    }

    @Test(arguments: [
        ("Toburg is a city in", "toburg-is-a-city-in"),
        (" The CEO of Aranth Works is ", "the-ceo-of-aranth-works-is"),
        ("Who wrote Orm?", "who-wrote-orm"),
        ("C was invented by", "c-was-invented-by"),
        ("C++ was invented by", "c-was-invented-by-390727"),
    ])
    func aNameIsMadeOfThePromptsWords(prompt: String, name: String) {
        #expect(EditRecord.identifier(for: prompt) == name)
    }

    @Test func oneNameIsOneQuestion() {
        let beginning = String(repeating: "and so on ", count: 7)
        let prompts = [
            "\(beginning)Toburg is", "\(beginning)Fethholm is", "2 + 2 is", "2 - 2 is", "2 2 is",
            "+", "-", "2024",
        ]
        let names = prompts.map(EditRecord.identifier(for:))
        #expect(Set(names).count == prompts.count, "\(names)")
        #expect(names.allSatisfy { $0.count <= 67 && Ledger.number(in: $0) == nil }, "\(names)")
    }

    @Test func aQuestionThatAFileAsksTwiceHasTwoNames() throws {
        let records = try read(
            #"{"prompt": "P is", "target": "a"}"# + "\n" + #"{"prompt": "P is", "target": "b"}"#)
        #expect(records.map(\.id) == ["p-is", "p-is-line-2"])
    }

    @Test(arguments: [
        ("", "The file holds no edit"),
        (" \n\n", "The file holds no edit"),
        (#"{"prompt": "a"}"#, "line 1 cannot be read: `target` is missing"),
        (#"{"target": "a"}"#, "line 1 cannot be read: `prompt` is missing"),
        ("\n" + #"{"prompt": "a", "target": "  "}"#, "line 2 cannot be read: `target` is blank"),
        (#"{"prompt": "a", "target": "b""#, "line 1 cannot be read: it is not well-formed JSON"),
        (#"{"prompt": "a", "target": 3}"#, "line 1 cannot be read: `target` should be text"),
        (#"["a"]"#, "line 1 cannot be read: "),
        (#"{"prompt": "a", "traget": "b"}"#, "`traget` is unknown; did you mean `target`?"),
        (#"{"prompt": "a", "target": "b", "validFrom": "May"}"#, "`validFrom` should be a date"),
        (#"{"prompt": "a", "target": "b", "locality": [{"prompt": 1}]}"#, "`locality[0].prompt`"),
        (
            #"{"id": "x", "prompt": "a", "target": "b"}"# + "\n"
                + #"{"id": "x", "prompt": "c", "target": "d"}"#,
            "line 2 cannot be read: the id `x` was already used on line 1"
        ),
    ])
    func refusesWithTheLine(text: String, sentence: String) {
        let error = #expect(throws: EditError.self) { try read(text) }
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    }

    @Test func aTraceSaysWhichEditWasNearest() throws {
        let code = RouteCode(chosen: [[0, 1]], experts: 4)
        let trace = RouteTrace(
            Scope(Match(index: 0, distance: 2), threshold: 2), nearestEdit: "tower-1",
            threshold: 2, code: code, gate: .code)
        #expect(trace.decision == .deferred)
        #expect(trace.distance == 2 && trace.code == "3" && trace.nearestEdit == "tower-1")
        let json = try JSONEncoder().encode(trace)
        #expect(try JSONDecoder().decode(RouteTrace.self, from: json) == trace)
    }
}
