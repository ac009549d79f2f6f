import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// The conformance list of the method, item by item; what concerns codes alone is tested with Edits.
@Suite struct ELDERConformanceTests {
    private func isClose(
        _ tensor: Tensor, _ expected: [Float], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try Tolerance.float32.firstDifference(tensor.floats(), expected)
        #expect(difference == nil, sourceLocation: location)
    }

    // MARK: Before any learning

    @Test(arguments: ["gpt2", "llama"])
    func aFreshEditorChangesNoBitEvenWhereEveryRowIsInScope(family: String) throws {
        let bench = try Bench(family)
        let editor = try bench.editor(bench.config(), seed: 1)
        let tokens = try TokenBatch([[1, 2, 3], [4, 5]])
        try withoutGradients {
            let prefix = try bench.model.prefix(tokens, upTo: editor.seam, taps: editor.taps)
            let routes = try editor.router.routes(
                editor.query(prefix, promptLengths: tokens.lengths), active: editor.config.active)
            let edited = try bench.model.suffix(
                prefix,
                adaptation: editor.mixture(
                    editor.trainingWeights(routes, assigned: nil)))
            let base = try bench.model.hidden(tokens)
            #expect(try bench.model.logits(edited).isBitEqual(to: bench.model.logits(base)))
        }
    }

    @Test func tensorsStartAsTheReleasedCodeDrawsThem() throws {
        let model = try CausalModel.random(
            .gpt2(vocabularySize: 8, contextLength: 4, width: 512, blocks: 3, heads: 2), seed: 1)
        let editor = try ELDER(
            model: model, tokenizer: NumberTokenizer(),
            config: ELDERConfig(firstBlock: 1, layers: 2, part: .expansion, queryBlock: 0), seed: 1)
        #expect(editor.layers.map(\.a.shape) == [[4, 512, 8], [4, 512, 8]])
        #expect(editor.layers.map(\.b.shape) == [[4, 8, 2048], [4, 8, 2048]])
        for layer in editor.layers {
            let a = try layer.a.detached()
            #expect(try a.abs().floats().max()! <= 0.353554)  // 1/√8
            let deviation = try a.pow(2).mean().sqrt().item()
            #expect(abs(deviation / 0.204124 - 1) < 0.01)  // 1/√24
            #expect(try layer.b.floats().allSatisfy { $0 == 0 })
        }
        let bound = Float(1 / 512.0.squareRoot())
        for tensor in [editor.router.weight, editor.router.bias] {
            let largest = try tensor.abs().floats().max()!
            #expect(largest <= bound && largest > bound / 2)
        }
        // Drawn apart for every layer and every expert.
        let draws = try editor.layers.flatMap { layer in
            try (0..<4).map { try layer.a.at(dim: 0, index: $0).floats() }
        }
        #expect(Set(draws).count == 8)
    }

    @Test func thePapersEditorsHaveAsManyParametersAsWeCounted() throws {
        for (model, part, expected) in [
            (ModelConfiguration.gpt2XL, ELDERConfig.Part.expansion, 1_574_424),
            (.llama2_7B, .contraction, 3_164_184),
        ] {
            let config = try ELDERConfig.paper(blocks: model.blocks, part: part)
            #expect(parameterCount(config, of: model) == expected)
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func theCountIsThatOfTheTensors(family: String) throws {
        let bench = try Bench(family)
        var config = try bench.config()
        (config.experts, config.rank) = (5, 3)
        var editor = try bench.editor(config, seed: 1)
        #expect(editor.trainableParameters == parameterCount(config, of: bench.model.configuration))
        // Where the allocation routes and nothing guides, no one trains the routers.
        (config.routeSource, config.guidance, config.gate) = (.allocation, .off, .match)
        editor = try bench.editor(config, seed: 1)
        #expect(editor.trainableParameters == parameterCount(config, of: bench.model.configuration))
        let maps = editor.layers.reduce(0) { $0 + $1.a.count + $1.b.count }
        #expect(editor.trainableParameters == maps)
        #expect(editor.storedBytes.constant > 4 * maps)
    }

    private func parameterCount(_ config: ELDERConfig, of model: ModelConfiguration) -> Int {
        let part: FeedForwardPart = config.part == .expansion ? .expansion : .contraction
        let site = Site(block: config.firstBlock, part: part)
        return config.parameterCount(
            inputWidth: model.inputWidth(of: site), outputWidth: model.outputWidth(of: site),
            queryWidth: model.inputWidth(of: Site(block: config.queryBlock, part: part)))
    }

    // MARK: The layer with printed numbers

    @Test func theRouterGivesThePrintedScores() throws {
        let routes = try Golden.routes()
        try isClose(routes.scores, [0.223218, 0.406730, 0.135389, 0.234663])
        #expect(try routes.chosen.ints() == [1, 3])
        #expect(try routes.codes()[0].chosen == [[1, 3]])
        let weights = try routes.weights(renormalising: false)
        try isClose(weights, [0, 0.406730, 0, 0.234663])
        try isClose(weights.sum(), [0.641393])
    }

    @Test func theMixtureGivesThePrintedOutputs() throws {
        let output = try Golden.mixture(scope: nil).output(
            at: Golden.site, input: Golden.tokens(), base: Golden.base(), start: 0)
        try isClose(output, [3.794364, 3.064161, -0.180986, -2.864866])
    }

    @Test func outOfScopeTheLayerGivesThePrintedBase() throws {
        try isClose(Golden.base(), [-1.9, 4.3, -0.4, -2.2])
        let output = try Golden.mixture(scope: [false]).output(
            at: Golden.site, input: Golden.tokens(), base: Golden.base(), start: 0)
        #expect(try output.isBitEqual(to: Golden.base()))
    }

    @Test func anotherMapIsLeftAlone() throws {
        let mixture = try Golden.mixture(scope: nil)
        let other = Site(block: 0, part: .contraction)
        #expect(mixture.adapts(Golden.site) && !mixture.adapts(other))
        let output = try mixture.output(
            at: other, input: Golden.tokens(), base: Golden.base(), start: 0)
        #expect(try output.isBitEqual(to: Golden.base()))
    }

    @Test func rowsOutOfScopeStayWhateverTheAdaptersSay() throws {
        let (a, b) = (
            try Tensor.normal([4, 3, 2], deviation: 1, seed: 1),
            try Tensor.full([4, 2, 2], value: .infinity)
        )
        let mixture = try RoutedMixture(
            sites: [Golden.site], layers: [LoRALayer(a: a, b: b)],
            weights: .full([3, 1, 4], value: 0.5),
            scope: Tensor([false, true, false], shape: [3]))
        let input = try Tensor.normal([3, 2, 3], deviation: 1, seed: 2)
        let base = try Tensor([-0.0, 1, 2, -0.0] as [Float], shape: [1, 2, 2]).expanded([3, 2, 2])
        let output = try mixture.output(at: Golden.site, input: input, base: base, start: 0)
        for row in 0..<3 {
            let isSame = try output.at(dim: 0, index: row)
                .isBitEqual(to: base.at(dim: 0, index: row))
            #expect(isSame == (row != 1))
        }
    }

    @Test func theGuidedLossAndItsGradientAreThePrintedOnes() throws {
        let logits = try Tensor([0.2, 0.8, -0.3, 0.25] as [Float], shape: [1, 1, 4])
            .requireGradient()
        let allocation = try Tensor([1, 0, 1, 0] as [Float], shape: [1, 1, 4])
        let loss = try Routes(logits: logits, active: 2).guidanceLoss(towards: allocation)
        try isClose(loss, [3.499211])
        try loss.backward()
        try isClose(logits.gradient!, [-0.553563, 0.813460, -0.729223, 0.469326])
    }

    @Test func theGuidedLossEndsAtTwoLogTwoALayer() throws {
        let router = Router(
            weight: try Tensor.uniform([6, 4, 16], low: -0.25, high: 0.25, seed: 1)
                .requireGradient(),
            bias: try Tensor.zeros([6, 4]).requireGradient())
        let query = try Tensor.normal([1, 16], deviation: 1, seed: 2)
        let allocation = try Tensor([1, 0, 0, 1] as [Float], shape: [1, 1, 4]).expanded([1, 6, 4])
        var optimizer = Adam(parameters: [router.weight, router.bias], learningRate: 0)
        for step in 0..<800 {
            optimizer.learningRate = 0.1 * (1 - Double(step) / 800)
            let routes = try router.routes(query, active: 2)
            try routes.guidanceLoss(towards: allocation).backward()
            try optimizer.step()
        }
        let routes = try router.routes(query, active: 2)
        try isClose(routes.guidanceLoss(towards: allocation) / 6, [1.386294])
        try isClose(routes.scores, Array(repeating: [0.5, 0, 0, 0.5], count: 6).flatMap { $0 })
        #expect(try routes.codes()[0].chosen == Array(repeating: [0, 3], count: 6))
    }

    // MARK: Query and latch

    @Test(arguments: ["gpt2", "llama"])
    func theQueryDependsOnThePromptAlone(family: String) throws {
        let bench = try Bench(family)
        let editor = try bench.editor(bench.config(), seed: 1)
        func queries(_ rows: [EditRow]) throws -> [[Float]] {
            let batch = try EditBatch(rows, model: bench.model, tokenizer: NumberTokenizer())
            let prefix = try bench.model.prefix(
                batch.tokens, upTo: editor.seam, taps: editor.taps)
            let query = try editor.query(prefix, promptLengths: batch.promptLengths)
            return try rows.indices.map { try query.at(dim: 0, index: $0).floats() }
        }
        func row(_ prompt: String, _ target: String) -> EditRow {
            EditRow(editID: "", prompt: prompt, target: target)
        }
        let alone = try queries([row("5 9 2", "7")])[0]
        let company = try queries([
            row("5 9 2", "8 8 8 8"), row("1 2 3 4 5 6 7 8", "9 10 11"), row("5 9 2", "7"),
            row("3", "4"),
        ])
        #expect(Tolerance.float32.firstDifference(company[0], alone) == nil)
        #expect(Tolerance.float32.firstDifference(company[2], alone) == nil)
        #expect(Tolerance.float32.firstDifference(company[3], alone) != nil)
    }

    @Test(arguments: ["gpt2", "llama"], [2, 15, 60])
    func aTeacherForcedMatchIsAGreedyMatch(family: String, steps: Int) throws {
        let bench = try Bench(family)
        var config = try bench.config()
        (config.steps, config.hammingThreshold) = (steps, 100)
        var editor = try bench.editor(config, seed: 2)
        let edits = try bench.edits(0..<8)
        try editor.learn(edits) { _ in }
        let scores = try editor.score(edits.flatMap(\.rows))
        let answers = try editor.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 4))
        for (edit, (score, answer)) in zip(edits, zip(scores, answers)) {
            let isAnswered =
                answer.reason == .stopToken
                && answer.tokens == NumberTokenizer().encode(edit.target)
            #expect(score.isRight.allSatisfy { $0 } == isAnswered, "\(edit.id)")
            #expect(score.trace == answer.trace)
            #expect(answer.trace.decision == .edited)
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func routesAndScopeOfThePromptHoldForEveryTokenAfterIt(family: String) throws {
        let bench = try Bench(family)
        let editor = try bench.strictEditor()
        let prompts = try bench.edits(0..<8).map(\.prompt)
        let answers = try editor.complete(
            prompts, options: GenerationOptions(maximumTokens: 8, stopTokens: []))
        for (prompt, answer) in zip(prompts, answers) {
            // One pass over prompt and answer, all of it through what the prompt decided.
            let ids = NumberTokenizer().encode(prompt)
            let batch = try TokenBatch([ids + answer.tokens])
            let likeliest = try withoutGradients {
                let prefix = try bench.model.prefix(batch, upTo: editor.seam, taps: editor.taps)
                let decision = try editor.decide(prefix, prompts: [ids])
                #expect(decision.traces == [answer.trace])
                let hidden = try bench.model.suffix(prefix, adaptation: decision.adaptation)
                return try bench.model.logits(hidden).argmax(dim: -1).ints()
            }
            #expect(answer.tokens.count == 8)
            #expect(Array(likeliest[(ids.count - 1)...].prefix(8)) == answer.tokens)
        }
    }

    // MARK: Smoke

    @Test(arguments: ["gpt2", "llama"])
    func oneBatchIsLearnedAndSettlesOnItsPreassignedCodes(family: String) throws {
        let bench = try Bench(family)
        var config = try bench.config()
        (config.steps, config.guidanceWeight) = (50, 1)
        var editor = try bench.editor(config, seed: 4)
        let edits = try bench.edits(0..<4)
        var progress: [LearningProgress] = []
        try editor.learn(edits) { progress.append($0) }
        #expect(progress.map(\.steps) == [50])
        let scores = try editor.score(edits.flatMap(\.rows))
        #expect(scores.allSatisfy { $0.isRight.allSatisfy { $0 } })
        #expect(editor.memory.codes.codes == edits.map { editor.allocator.code(of: $0.target) })
    }
}

/// The layer whose numbers were checked against the released module.
private enum Golden {
    static let site = Site(block: 0, part: .expansion)

    static func routes() throws -> Routes {
        let router = Router(
            weight: try Tensor(
                [1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 1, 0.5] as [Float], shape: [1, 4, 3]),
            bias: try Tensor([0, 0.1, 0, -0.1] as [Float], shape: [1, 4]))
        return try router.routes(
            Tensor([0.2, 0.7, -0.3] as [Float], shape: [1, 3]), active: 2)
    }

    static func mixture(scope: [Bool]?) throws -> RoutedMixture {
        let pattern: [Float] = [1, 0, 0, 1, 1, 1]
        let a: [Float] = [0, 1, 2, 3].flatMap { (expert: Float) in
            pattern.map { 0.5 * (expert + 1) * $0 }
        }
        let b: [Float] = [0, 1, 2, 3].flatMap { (expert: Float) -> [Float] in
            [1, -1, 0.5, 0.25 * expert]
        }
        return RoutedMixture(
            sites: [site],
            layers: [
                LoRALayer(
                    a: try Tensor(a, shape: [4, 3, 2]), b: try Tensor(b, shape: [4, 2, 2]))
            ],
            weights: try routes().weights(renormalising: false),
            scope: try scope.map { try Tensor($0, shape: [1]) })
    }

    static func tokens() throws -> Tensor {
        try Tensor([1, 2, 3, 0, -1, 0.5] as [Float], shape: [1, 2, 3])
    }

    static func base() throws -> Tensor {
        try tokens().linear(
            weight: Tensor([1, 0, -1, 0.5, 2, 0] as [Float], shape: [2, 3]),
            bias: Tensor([0.1, -0.2] as [Float], shape: [2]))
    }
}
