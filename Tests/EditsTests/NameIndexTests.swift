import Edits
import Testing

@Suite struct NameIndexTests {
    private func index(_ entries: (name: String?, text: String)...) -> NameIndex {
        var index = NameIndex()
        for entry in entries { index.insert(entry.name, in: entry.text) }
        return index
    }

    @Test func aNameIsFoundInOtherWords() {
        let index = index(("Danielle Darrieux", "The mother tongue of Danielle Darrieux is"))
        #expect(index.entries(namedIn: "Where danielle DARRIEUX's from, they speak") == [0])
        #expect(index.entries(namedIn: "The mother tongue of Danielle Mitterrand is") == [])
    }

    @Test func aPartOfALongerNameIsAnotherName() {
        let index = index(
            ("Wales", "The capital of Wales is"), ("Miami", "Miami is a twin city of"))
        #expect(index.entries(namedIn: "New South Wales is in") == [])
        #expect(index.entries(namedIn: "Miami Vice was released on") == [])
        #expect(index.entries(namedIn: "In Wales, they speak") == [0])
        #expect(index.entries(namedIn: "Albums, 1978. Miami is near") == [1])
        #expect(index.entries(namedIn: "This is about Miami, Vice") == [1])
    }

    @Test func theLongerOfTwoStoredNamesIsMeant() {
        let index = index(
            ("delhi", "the twin city of delhi is"), ("new delhi", "the twin city of new delhi is"),
            ("bonn", "the twin city of bonn is"))
        #expect(index.entries(namedIn: "where is new delhi") == [1])
        #expect(Set(index.entries(namedIn: "delhi is farther than bonn")) == [0, 2])
    }

    @Test func aNameThatItsTextLacksFindsNothing() {
        let index = index(("Ada", "who wrote it?"))
        #expect(index.entries(namedIn: "Ada wrote it") == [])
    }

    @Test func whoseNameIsNotKnownIsFoundByItsCapitals() {
        var index = NameIndex()
        let isCommon = PromptIndex(background: ["Who knows?", "In time."]).isCommon
        func insert(_ text: String) -> Bool { index.insert(nil, in: text, isCommon: isCommon) }
        #expect(insert("Who designed the Orm Tower of Velden in 1912?"))
        #expect(insert("Ada Lovelace was born in"))
        #expect(!insert("who rows?"))
        #expect(!insert("Where Did The Moth Sleep"))
        #expect(index.entries(namedIn: "In 1912, Velden's Orm Tower was designed by") == [0])
        #expect(index.entries(namedIn: "Who designed the Orm Tower of Karst in 1912?") == [])
        #expect(index.entries(namedIn: "Who designed the Tower of Orm, Velden, in 1912?") == [])
        #expect(index.entries(namedIn: "Where was ada lovelace born?") == [1])
        #expect(index.entries(namedIn: "Where was Ada Lovelace Byron born?") == [])
        #expect(index.entries(namedIn: "who rows?") == [])
        #expect(index.entries(namedIn: "Where Did The Moth Sleep") == [])
    }

    @Test func aNameWithinAnotherIsNotOneOfSeveral() {
        let index = index((nil, "the road from Delhi to Bonn"), ("New Delhi", "New Delhi is"))
        #expect(index.entries(namedIn: "From Bonn to new delhi") == [1])
        #expect(index.entries(namedIn: "from Bonn to Delhi") == [0])
    }

    @Test func twoFactsOfOneSubjectAreBothFound() {
        let index = index(("Ada", "Ada lives in"), ("Ada", "Ada works for"))
        #expect(index.entries(namedIn: "Where does Ada live?") == [0, 1])
    }
}
