import LanguageModels
import TestSupport
import Testing
import Torch

@Suite struct GenerationTests {
    @Test(arguments: TinyModel.allCases)
    func greedyTextsEqualThoseOfTransformers(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let options = GenerationOptions(maximumTokens: 12)
        let rows = try tiny.rows()
        let expected = try (0..<2).map { try tiny.recorded("greedy.\($0)").ints() }
        #expect(try model.generate(rows, options: options).map(\.tokens) == expected)
        for (row, tokens) in zip(rows, expected) {
            #expect(try model.generate([row], options: options)[0].tokens == tokens)
        }
    }

    @Test(arguments: TinyModel.allCases)
    func theCacheChangesNoChoice(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let prompt = try tiny.rows()[0]
        var text = prompt
        for _ in 0..<15 {
            let last = try model.scores([text]).at(dim: 1, index: text.count - 1)
            text.append(try last.argmax(dim: -1).ints()[0])
        }
        let options = GenerationOptions(maximumTokens: 15, stopTokens: [])
        #expect(try prompt + model.generate([prompt], options: options)[0].tokens == text)
    }

    @Test(arguments: TinyModel.allCases)
    func aPromptInPiecesEqualsThePromptAtOnce(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let rows = try tiny.rows()
        try withoutGradients {
            let whole = try model.hidden(TokenBatch(rows)).last(of: rows.map(\.count))
            var cache: KeyValueCache? = KeyValueCache()
            _ = try model.hidden(TokenBatch(rows.map { Array($0.prefix(3)) }), cache: &cache)
            let rest = rows.map { Array($0.dropFirst(3)) }
            let hidden = try model.hidden(TokenBatch(rest), cache: &cache)
            let last = try hidden.last(of: rest.map(\.count))
            #expect(Tolerance.twin.firstDifference(try last.floats(), try whole.floats()) == nil)
            #expect(cache?.lengths == rows.map(\.count))
        }
    }

    /// In bf16 a long cache is read by another path than a short one.
    @Test(arguments: TinyModel.allCases)
    func aLongCacheInHalfPrecisionChangesLittle(_ tiny: TinyModel) throws {
        var configuration = try tiny.load().configuration
        configuration.contextLength = 200
        let model = try CausalModel.random(configuration, seed: 3, dtype: .bfloat16)
        let rows = [(0..<90).map { $0 % 60 }, (0..<70).map { $0 * 7 % 60 }]
        try withoutGradients {
            var cache: KeyValueCache? = KeyValueCache()
            _ = try model.hidden(TokenBatch(rows), cache: &cache)
            let next = try model.hidden(TokenBatch([[5], [6]]), cache: &cache)
            let whole = try model.hidden(TokenBatch([rows[0] + [5], rows[1] + [6]]))
                .last(of: [91, 71])
            let distance = try (next.squeezed(1) - whole).abs().mean().item()
            #expect(try distance / whole.abs().mean().item() < Tolerance.bfloat16.relative)
        }
    }

    @Test func aCopiedCacheGoesItsOwnWay() throws {
        let model = try TinyModel.llama.load()
        try withoutGradients {
            var cache: KeyValueCache? = KeyValueCache()
            _ = try model.hidden(TokenBatch([[5, 6, 7]]), cache: &cache)
            _ = try model.hidden(TokenBatch([[8]]), cache: &cache)
            var copy = cache
            let first = try model.hidden(TokenBatch([[9]]), cache: &cache)
            _ = try model.hidden(TokenBatch([[10]]), cache: &copy)
            _ = try model.hidden(TokenBatch([[11]]), cache: &copy)
            let second = try model.hidden(TokenBatch([[12]]), cache: &cache)
            let whole = try model.hidden(TokenBatch([[5, 6, 7, 8, 9, 12]]))
            let apart = try Tensor.concatenated([first, second], dim: 1)
            let end = try whole.narrowed(dim: 1, start: 4, length: 2)
            #expect(Tolerance.twin.firstDifference(try apart.floats(), try end.floats()) == nil)
        }
    }

    @Test(arguments: TinyModel.allCases)
    func aRunPrefixIsContinuedBitForBit(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let rows = try tiny.rows()
        let options = GenerationOptions(maximumTokens: 10, stopTokens: [])
        let expected = try model.generate(rows, options: options)
        for seam in model.sites {
            var cache: KeyValueCache? = KeyValueCache()
            let prefix = try model.prefix(TokenBatch(rows), upTo: seam, cache: &cache)
            for _ in 0..<2 {
                let texts = try model.generate(after: prefix, cache: cache!, options: options)
                #expect(texts == expected)
            }
        }
    }

    @Test func anAdaptationServesTheWholeGeneration() throws {
        let model = try TinyModel.gpt2.load()
        let site = Site(block: 1, part: .expansion)
        let adaptation = Recorder([site], shift: 0.5)
        var cache: KeyValueCache? = KeyValueCache()
        let prefix = try model.prefix(TokenBatch([[1, 2, 3]]), upTo: site, cache: &cache)
        let options = GenerationOptions(maximumTokens: 4, stopTokens: [])
        let edited = try model.generate(
            after: prefix, cache: cache!, options: options, adaptation: adaptation)
        #expect(adaptation.calls.map { $0.input[1] } == [3, 1, 1, 1])
        #expect(
            try edited == model.generate([[1, 2, 3]], options: options, adaptation: adaptation))
    }

    @Test func aStreamShowsExactlyTheResult() throws {
        let model = try TinyModel.gpt2.load()
        let rows = try TinyModel.gpt2.rows()
        var shown: [[Int]] = [[], []]
        let texts = try model.generate(rows, options: .init(maximumTokens: 9)) { row, token in
            shown[row].append(token)
            return .more
        }
        #expect(shown == texts.map(\.tokens))
    }

    @Test func aReaderCanStopOneRow() throws {
        let model = try TinyModel.gpt2.load()
        let options = GenerationOptions(maximumTokens: 6, stopTokens: [])
        let whole = try model.generate([[1, 2], [3]], options: options)
        var count = 0
        let texts = try model.generate([[1, 2], [3]], options: options) { row, _ in
            count += row == 0 ? 1 : 0
            return row == 0 && count == 2 ? .stop : .more
        }
        #expect(
            texts[0] == Generation(tokens: Array(whole[0].tokens.prefix(2)), reason: .interrupted))
        #expect(texts[1] == whole[1])
    }

    @Test func textsEndForTheRightReason() throws {
        let model = try TinyModel.gpt2.load()
        let prompt = try TinyModel.gpt2.rows()[0]
        func generate(_ options: GenerationOptions) throws -> Generation {
            try model.generate([prompt], options: options)[0]
        }
        let plain = GenerationOptions(maximumTokens: 8, stopTokens: [])
        let tokens = try generate(plain).tokens
        #expect(try generate(plain).reason == .maximumTokens)
        #expect(
            try generate(.init(maximumTokens: 0)) == Generation(tokens: [], reason: .maximumTokens))

        let first = tokens.firstIndex(of: tokens[5])!
        let ended = try generate(.init(maximumTokens: 8, stopTokens: [tokens[5]]))
        #expect(ended == Generation(tokens: Array(tokens[..<first]), reason: .stopToken))

        let full = try generate(.init(maximumTokens: 100, stopTokens: []))
        #expect(full.reason == .contextLimit)
        #expect(full.tokens.count == 32 - prompt.count + 1, "the last one need not be read")
    }

    @Test func aStopSequenceIsNeverShown() throws {
        let model = try TinyModel.gpt2.load()
        let prompt = try TinyModel.gpt2.rows()[1]
        let tokens = try model.generate(
            [prompt], options: .init(maximumTokens: 12, stopTokens: []))[0].tokens
        let sequence = Array(tokens[4..<7])
        let start = (0...4).first { Array(tokens[$0..<$0 + 3]) == sequence }!
        var shown: [Int] = []
        let options = GenerationOptions(
            maximumTokens: 12, stopTokens: [], stopSequences: [sequence, [tokens[1], 99]])
        let text = try model.generate([prompt], options: options) { _, token in
            shown.append(token)
            return .more
        }[0]
        #expect(text == Generation(tokens: Array(tokens[..<start]), reason: .stopSequence))
        #expect(shown == text.tokens)
    }

    @Test(arguments: TinyModel.allCases)
    func samplingDependsOnTheSeedAlone(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        func sample(_ seed: UInt64, _ prompts: [[Int]] = [[5, 6]], topK: Int = 0) throws -> [[Int]]
        {
            let options = GenerationOptions(
                maximumTokens: 12, temperature: 1.5, topK: topK, topP: 0.95, seed: seed,
                stopTokens: [])
            return try model.generate(prompts, options: options).map(\.tokens)
        }
        #expect(try sample(1) == sample(1))
        #expect(try sample(1) != sample(2))
        #expect(try sample(1)[0] == sample(1, [[5, 6], [5, 6]])[0])
        let both = try sample(1, [[5, 6], [5, 6]])
        #expect(both[0] != both[1])
        let greedy = try model.generate(
            [[5, 6]], options: .init(maximumTokens: 12, stopTokens: []))
        #expect(try sample(3, topK: 1)[0] == greedy[0].tokens)
    }

    @Test func samplesFollowTheModelsDistribution() throws {
        let model = try TinyModel.gpt2.load()
        let rows = Array(repeating: [5, 6], count: 4000)
        let options = GenerationOptions(maximumTokens: 1, temperature: 4, seed: 7, stopTokens: [])
        let tokens = try model.generate(rows, options: options).map { $0.tokens[0] }
        let scores = try model.scores([[5, 6]]).at(dim: 1, index: 1)
        let likely = try (scores / 4).softmax(dim: -1).topK(3, dim: -1)
        let probabilities = try likely.values.floats().map(Double.init)
        for (token, probability) in zip(try likely.indices.ints(), probabilities) {
            let share = Double(tokens.filter { $0 == token }.count) / 4000
            let deviation = (probability * (1 - probability) / 4000).squareRoot()
            #expect(abs(share - probability) < 5 * deviation, "five standard deviations")
        }
    }

    @Test func ofEquallyLikelyTokensTheFirstIsTaken() throws {
        var sampler = Sampler(GenerationOptions(maximumTokens: 1), row: 0)
        let scores = try Tensor([-.infinity, 3, 1, 3, 3] as [Float], shape: [1, 5])
        #expect(try sampler.next(scores) == [1])
    }

    @Test(arguments: [0.0, 1], [Float.nan, .infinity])
    func scoresThatAreNoNumbersAreRefused(_ temperature: Double, _ score: Float) throws {
        let options = GenerationOptions(maximumTokens: 1, temperature: temperature)
        var sampler = Sampler(options, row: 0)
        let scores = try Tensor([1, score, 2], shape: [1, 3])
        let error = #expect(throws: ModelError.self) { try sampler.next(scores) }
        #expect(error?.message.hasPrefix("The model's scores should be numbers") == true)
    }

    @Test func aModelWhoseWeightsAreNoNumbersSaysSo() throws {
        let model = try TinyModel.gpt2.load()
        try withoutGradients { try model.parameters.last!.tensor.multiply(by: .nan) }
        #expect(throws: ModelError.self) {
            try model.generate([[1, 2]], options: .init(maximumTokens: 3))
        }
    }

    @Test func optionsThatMakeNoSenseAreRefused() throws {
        let model = try TinyModel.gpt2.load()
        let refused = [
            GenerationOptions(maximumTokens: -1),
            GenerationOptions(maximumTokens: 1, temperature: -1),
            GenerationOptions(maximumTokens: 1, topP: 0),
            GenerationOptions(maximumTokens: 1, topK: -2),
            GenerationOptions(maximumTokens: 1, stopSequences: [[]]),
        ]
        for options in refused {
            #expect(throws: ModelError.self) { try model.generate([[1]], options: options) }
        }
    }
}
