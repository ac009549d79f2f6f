import Edits
import Foundation
import Testing

@Suite struct PromptIndexTests {
    /// The weight of a word that this many sampled texts, and others of the stored prompts, have.
    private func weight(texts: Double = 0, others: Double = 0) -> Double {
        pow(3 + texts + 3 * others, -0.7)
    }

    @Test func coverageIsTheWeightOfTheSharedWordsAndPairs() {
        var index = PromptIndex()
        index.insert(["Ada lives in", "Bob lives in"])
        // Words: Ada; lives and in, which both prompts have. Pairs: half the rarer word… of two.
        let (rare, shared) = (weight(), weight(others: 1))
        let total = rare + 2 * shared + 0.5 * shared + 0.5 * shared
        let coverage = index.coverage(by: "Ada sleeps in")
        #expect(abs(coverage[0] - (rare + shared) / total) < 1e-12)
        #expect(abs(coverage[1] - shared / total) < 1e-12)
    }

    @Test func wordsOfTheModelsOwnTextsWeighLess() {
        // One text stands for 2,304.
        var index = PromptIndex(background: ["in"])
        index.insert(["Ada in"])
        let (rare, common) = (weight(), weight(texts: 2304))
        let coverage = index.coverage(by: "in")[0]
        #expect(abs(coverage - common / (rare + common + 0.5 * common)) < 1e-12)
    }

    @Test func oneByOneOrTogetherIsOneIndex() {
        let prompts = ["Ada lives in", "Bob lives in", "Ada was born in", "Ada lives in"]
        var together = PromptIndex(background: ["she lives"])
        together.insert(prompts)
        var alone = PromptIndex(background: ["she lives"])
        for prompt in prompts { alone.insert([prompt]) }
        #expect(alone == together)
        #expect(together.coverage(by: "Where Ada lives") == alone.coverage(by: "Where Ada lives"))
    }

    @Test(arguments: [24, 25, 80])
    func aPromptOfAnyLengthCoversItself(words: Int) {
        var index = PromptIndex()
        let prompt = (0..<words).map { "word\($0)" }.joined(separator: " ")
        index.insert([prompt])
        #expect(index.coverage(by: prompt) == [1])
    }

    @Test func signsThatEndAWordAreItsOwn() {
        var index = PromptIndex()
        index.insert(["C was invented by", "C++ was invented by", "2+2 is"])
        let (plain, signed) = (
            index.coverage(by: "C was invented by"), index.coverage(by: "C++, was invented by")
        )
        #expect(plain[0] == 1 && plain[1] < 0.8)
        #expect(signed[1] == 1 && signed[0] < 0.8)
        #expect(index.coverage(by: "2 + 2 is")[2] == 1)
    }

    @Test func someOfTheStoredPromptsCanBeAskedFor() {
        var index = PromptIndex()
        index.insert(["Ada lives in", "Bob lives in", "Carl lives in"])
        let all = index.coverage(by: "Carl lives")
        #expect(index.coverage(by: "Carl lives", of: [2, 0]) == [all[2], all[0]])
    }
}
