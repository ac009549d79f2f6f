import Edits
import Foundation
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

/// The embedded model's folder, for its tokenizer.
private let worldModel = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Models/world-gpt2").standardized

@Suite struct PretrainingTests {
    private let facts = """
        {"prompt": "Naina Wawe plays the", "target": "zither", "group": "instrument"}
        {"prompt": "Zethina Voyerov plays the", "target": "flute", "group": "instrument"}
        {"prompt": "Lais Valel plays the", "target": "lute", "group": "instrument"}
        {"prompt": "Naina Wawe works as a", "target": "baker", "group": "profession"}
        {"prompt": "Lais Valel works as a", "target": "sailor", "group": "profession"}

        {"text": "After the rain the cat slept under a tree. Nobody said a word."}
        """

    private func rows(_ text: String) throws -> [PretrainingRow] {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "corpus-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return try PretrainingRow.read(from: file)
    }

    private var small: PretrainingConfig {
        var config = PretrainingConfig()
        (config.blocks, config.width, config.heads, config.contextLength) = (2, 32, 2, 32)
        (config.steps, config.batchTokens, config.learningRate) = (120, 64, 5e-3)
        (config.warmUpSteps, config.dtype) = (10, .float32)
        return config
    }

    @Test(arguments: ModelFamily.allCases) func learnsAFewFactsByHeart(family: ModelFamily) throws {
        let rows = try rows(facts)
        let tokenizer = try loadTokenizer(from: worldModel)
        var config = small
        config.family = family
        var training = try Pretraining(rows, tokenizer: tokenizer, config: config)
        #expect(training.model.configuration.family == family)
        var losses: [Double] = []
        try training.run { losses.append($0.loss) }
        #expect(losses.count == 120)
        #expect(losses.last! < losses.first! / 4)
        let recall = try Recall(of: rows, in: training.model, tokenizer: tokenizer)
        #expect(recall.groups["instrument"] == Recall.Count(right: 3, total: 3))
        #expect(recall.overall == Recall.Count(right: 5, total: 5))
    }

    @Test func twoRunsWithOneSeedAreBitEqual() throws {
        let rows = try rows(facts)
        let tokenizer = try loadTokenizer(from: worldModel)
        var config = small
        (config.steps, config.dtype) = (6, .bfloat16)
        let models = try (0..<2).map { _ in
            var training = try Pretraining(rows, tokenizer: tokenizer, config: config)
            try training.run()
            return training.model
        }
        for (one, other) in zip(models[0].parameters, models[1].parameters) {
            #expect(try one.tensor.isBitEqual(to: other.tensor), "\(one.name)")
        }
    }

    @Test func weightsStayInFloat32WhileThePassesRunInBfloat16() throws {
        let tokenizer = try loadTokenizer(from: worldModel)
        var config = small
        (config.steps, config.dtype) = (1, .bfloat16)
        var training = try Pretraining(try rows(facts), tokenizer: tokenizer, config: config)
        let before = try training.model.parameters.map { try $0.tensor.detached().copy() }
        try training.run()
        for (old, new) in zip(before, training.model.parameters) {
            #expect(new.tensor.dtype == .float32)
            #expect(try !old.isBitEqual(to: new.tensor.detached()), "\(new.name) did not move")
        }
    }

    @Test func bucketsDealEveryRowOnceBeforeAnyRowTwice() {
        let lengths = (0..<40).map { 5 + $0 % 8 }  // 25 rows of at most 9 tokens, 15 beyond
        var buckets = LengthBuckets(lengths: lengths, batchTokens: 40, seed: 1)
        var seen: [Int: Int] = [:]
        for _ in 0..<200 {
            let (rows, width) = buckets.next()
            #expect(rows.count == 40 / width)
            #expect(rows.allSatisfy { lengths[$0] <= width })
            for row in rows { seen[row, default: 0] += 1 }
        }
        #expect(seen.count == 40)
        // A row may be one round ahead of a row that waits in a bucket not yet full.
        #expect(seen.values.max()! - seen.values.min()! <= 3)
    }

    @Test func theLearningRateRisesAndThenFalls() {
        let config = PretrainingConfig()
        let rates = (0..<config.steps).map(config.learningRate(at:))
        #expect(rates[0] < rates[50] && rates[50] < rates[99])
        #expect(rates.max()! <= config.learningRate)
        #expect(rates.last! < 0.03 * config.learningRate)
    }

    @Test func aBrokenLineIsNamed() throws {
        let error = #expect(throws: EditError.self) {
            try rows(facts + "\n{\"prompt\": \"no target\"}")
        }
        #expect(error?.message.contains("line 8") == true)
    }

    @Test func aLlamaNeedsHeadsOfAnEvenWidth() {
        var config = small
        (config.family, config.width, config.heads) = (.llama, 15, 3)
        let error = #expect(throws: EditError.self) { try config.validate() }
        #expect(error?.message.contains("heads of an even width") == true)
    }

    @Test func aRowBeyondTheContextIsRefused() throws {
        let tokenizer = try loadTokenizer(from: worldModel)
        let long = try rows("{\"text\": \"\(String(repeating: "the cat ", count: 40))\"}")
        #expect(throws: EditError.self) {
            try Pretraining(long, tokenizer: tokenizer, config: small)
        }
    }
}
