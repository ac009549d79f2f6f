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
        let index = index(("Ada", "Who wrote it?"), (nil, "Ada wrote it"))
        #expect(index.entries(namedIn: "Ada wrote it") == [])
        #expect(!index.hasName(0) && !index.hasName(1))
    }

    @Test func twoFactsOfOneSubjectAreBothFound() {
        let index = index(("Ada", "Ada lives in"), ("Ada", "Ada works for"))
        #expect(index.entries(namedIn: "Where does Ada live?") == [0, 1])
    }
}
