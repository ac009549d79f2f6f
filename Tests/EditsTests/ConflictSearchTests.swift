import Edits
import Foundation
import Testing

/// How two corrections meet, by their words.
@Suite struct ConflictSearchTests {
    private func edit(
        _ id: String, _ target: String, _ prompt: String, _ rephrases: String...
    ) throws -> EditRecord {
        try EditRecord(id: id, prompt: prompt, target: target, rephrases: rephrases)
    }

    /// How the second of two edits meets the first.
    private func kinds(_ earlier: EditRecord, _ later: EditRecord) -> [Conflict.Kind] {
        var search = ConflictSearch()
        search.insert([(sequence: 1, record: earlier), (sequence: 2, record: later)])
        let conflicts = search.conflicts(
            of: 2, now: .now, holds: { _ in true }, resembles: { _, all in all.map { _ in false } })
        return conflicts.map(\.kind)
    }

    @Test func whatSaysNothingNewIsADuplicate() throws {
        let known = try edit("a", "Velden", "The Orm Tower is in", "Where is the Orm Tower?")
        #expect(try kinds(known, edit("b", "Velden", "the  orm tower is in:")) == [.duplicate])
        #expect(try kinds(known, edit("b", "Karst", "the orm tower is in")) == [.contradiction])
    }

    @Test func signsAndAccentsTellQuestionsApart() throws {
        let known = try edit("a", "Dennis Ritchie", "C was invented by")
        #expect(try kinds(known, edit("b", "Bjarne Stroustrup", "C++ was invented by")).isEmpty)
        let city = try edit("a", "Denmark", "Aro is in")
        #expect(try kinds(city, edit("b", "Sweden", "Årö is in")).isEmpty)
    }

    @Test func aCorrectionOfASignAnAccentOrACapitalIsNoDuplicate() throws {
        for (wrong, right) in [("Malmo", "Malmö"), ("5", "-5"), ("C", "C++"), ("Iphone", "iPhone")]
        {
            let known = try edit("a", wrong, "The answer is")
            #expect(try kinds(known, edit("b", right, "The answer is")) == [.contradiction])
        }
    }

    @Test func oneMoreWordingIsNoDuplicate() throws {
        let known = try edit("a", "Velden", "The Orm Tower is in")
        let more = try edit("b", "Velden", "The Orm Tower is in", "Where is the Orm Tower?")
        #expect(kinds(known, more).isEmpty)
        var renewed = more
        renewed.id = "a"
        #expect(kinds(known, renewed) == [.identifier])
    }
}
