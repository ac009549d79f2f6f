import Testing

@testable import Evaluation

/// When a continuation is right, by hand.
@Suite struct AnswerRuleTests {
    @Test func aNumberCountsAsItIsWritten() {
        let rule = AnswerRule.contains("1,005")
        #expect(rule.points(" $1,005.") == 1 && rule.points(" 1005") == 0)
        #expect(rule.points("") == 0 && rule.isAnswer(" 1,005") == nil)
    }

    @Test func aLetterIsACapital() {
        #expect(AnswerRule.contains("B").points(" B") == 1)
        #expect(AnswerRule.contains("B").points(" b") == 0)
    }

    @Test func aWordMayStandInAnother() {
        let rule = AnswerRule.containsWord("false", of: ["true", "false"])
        #expect(rule.points(" FALSE") == 1 && rule.points(" True") == 0)
        #expect(rule.points("falsely") == 1 && rule.isAnswer(" True") == true)
        #expect(rule.isAnswer(" maybe") == false)
    }

    @Test func yesAndNoStandAlone() {
        let rule = AnswerRule.isWord("no", of: ["yes", "no"])
        #expect(rule.points(" No") == 1 && rule.points(" not") == 0 && rule.points(" yes") == 0)
        #expect(rule.isAnswer(" Yes") == true && rule.isAnswer(" not") == false)
    }

    @Test func aSpanForgivesCasePunctuationAndArticles() {
        let rule = AnswerRule.span(["The U.S. Navy", "14th-century"])
        #expect(rule.points(" it was the us  navy, then") == 1)
        #expect(rule.points(" A 14thCentury thing") == 1)
        #expect(rule.points(" us old navy") == 0)
        #expect(rule.points(" navyus navy") == 0)
        #expect(AnswerRule.span([")"]).points(" anything ) at all") == 0)
    }

    @Test func theReleasedWaySearchesThePromptToo() {
        let rule = AnswerRule.span(["Ada Lind"])
        #expect(rule.points(" nobody") == 0)
        #expect(rule.points(" nobody", after: "Passage: Ada Lind. Question: who?") == 1)
    }

    @Test func wordsAreComparedAsInOpenQuestionAnswering() {
        let text = "An apple, a day; the “The” theory"
        #expect(ComparableWords(text).words == ["apple", "day", "“", "”", "theory"])
        #expect(ComparableWords("it's state-of-the-art").words == ["its", "stateoftheart"])
        #expect(ComparableWords(" \n").words.isEmpty)
    }

    @Test func entitiesCountOneByOne() {
        let rule = AnswerRule.entities(["Ada Lind", "Karst", "Karst"])
        #expect(rule.possible == 3 && rule.points(" Ada Lind in Karst") == 3)
        #expect(rule.points(" ada lind, Karst") == 2)
        #expect(AnswerRule.entities([]).possible == 0)
    }
}
