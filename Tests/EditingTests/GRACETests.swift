import Edits
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

@Suite struct GRACETests {
    private func method(
        _ bench: Bench, isReleased: Bool = false, _ change: (inout GRACEConfig) -> Void
    ) throws -> GRACE {
        let shape = bench.model.configuration
        var config: GRACEConfig = isReleased ? .paper(for: shape) : .default(for: shape)
        config.learningRate = 0.5
        change(&config)
        return try GRACE(
            model: bench.model, tokenizer: NumberTokenizer(), config: config, seed: 1)
    }

    @Test func theCodebookIsWherePublished() {
        let gpt2 = GRACEConfig.paper(for: .gpt2XL), llama = GRACEConfig.paper(for: .llama2_7B)
        #expect(gpt2.site == Site(block: 35, part: .expansion))
        #expect(llama.site == Site(block: 27, part: .contraction))
        // Parameters of 1,000 edits as the tables count them: 6.4 and 4.1 million.
        #expect(ModelConfiguration.gpt2XL.outputWidth(of: gpt2.site) == 6400)
        #expect(ModelConfiguration.llama2_7B.outputWidth(of: llama.site) == 4096)
    }

    @Test(arguments: ["gpt2", "llama"])
    func anEditIsLearnedAndAnsweredAndOthersAreLeftAlone(family: String) throws {
        let bench = try Bench(family)
        var method = try method(bench) { ($0.replacement, $0.steps) = (.all, 200) }
        let edits = try bench.edits(0..<3)
        var steps: [Int] = []
        try method.learn(edits) { steps.append($0.steps) }
        #expect(steps.count == 3)
        let said = try method.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 1))
        for (answer, edit) in zip(said, edits) {
            #expect(answer.trace.decision == .edited && answer.trace.nearestEdit == edit.id)
            #expect(answer.trace.gate == .radius && answer.trace.threshold == 1)
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func whatIsScoredIsWhatIsSaid(family: String) throws {
        let bench = try Bench(family)
        for replacement in GRACEConfig.Replacement.allCases {
            var method = try method(bench) {
                ($0.replacement, $0.steps, $0.radius) = (replacement, 60, 0.5)
            }
            let edits = try bench.edits(0..<6)
            try method.learn(edits) { _ in }
            let scores = try method.score(edits.flatMap(\.rows))
            let said = try method.complete(
                edits.map(\.prompt), options: GenerationOptions(maximumTokens: 4))
            for (edit, (score, answer)) in zip(edits, zip(scores, said)) {
                let isAnswered =
                    answer.reason == .stopToken
                    && answer.tokens == NumberTokenizer().encode(edit.target)
                #expect(score.isRight.allSatisfy { $0 } == isAnswered, "\(replacement) \(edit.id)")
                #expect(score.trace.decision == answer.trace.decision)
            }
        }
    }

    @Test func aCorrectedCorrectionHolds() throws {
        let bench = try Bench("gpt2")
        var method = try method(bench) { ($0.replacement, $0.steps) = (.all, 100) }
        for target in ["7", "21"] {
            try method.learn([EditRecord(id: target, prompt: "4 5 6", target: target)]) { _ in }
        }
        #expect(method.codebook.entries.map(\.editID) == ["21"])
        let said = try method.complete(["4 5 6"], options: GenerationOptions(maximumTokens: 1))
        #expect(said[0].tokens == [21])
    }

    @Test func learningStopsWhereTheLossIsSmall() throws {
        let bench = try Bench("gpt2")
        var method = try method(bench) { ($0.stopLoss, $0.steps) = (100, 50) }
        var steps: [Int] = []
        try method.learn(bench.edits(0..<2)) { steps.append($0.steps) }
        #expect(steps == [0, 0])
        #expect(method.codebook.entries.count == 2)
    }

    @Test func anInterruptedLearningKeepsWhatWasLearned() throws {
        struct Interrupt: Error {}
        let bench = try Bench("llama")
        var method = try method(bench) { $0.steps = 3 }
        #expect(throws: Interrupt.self) {
            try method.learn(bench.edits(0..<4)) { if $0.edits == 2 { throw Interrupt() } }
        }
        #expect(method.codebook.entries.map(\.editID) == ["edit-0", "edit-1"])
    }

    @Test func theReleasedKeyDoesNotExistWhereNoAnswerIs() throws {
        let bench = try Bench("gpt2")
        var method = try method(bench, isReleased: true) { $0.steps = 5 }
        let edits = try bench.edits(0..<3)
        try method.learn(edits) { _ in }
        #expect(
            try method.score(edits.flatMap(\.rows)).allSatisfy { $0.trace.decision == .edited })
        let said = try method.complete(edits.map(\.prompt), options: .init(maximumTokens: 1))
        #expect(said.allSatisfy { $0.trace.decision == .deferred })
    }
}
