import Edits
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Editing

/// What LEMoE promises: who is trained, where prompts go, and what stays as it was.
@Suite struct LEMoETests {
    // MARK: Experts

    @Test(arguments: ["gpt2", "llama"], LEMoEConfig.Projection.allCases)
    func anUntrainedExpertChangesNoBit(
        family: String, projection: LEMoEConfig.Projection
    ) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config {
            // No step is ever taken.
            ($0.projection, $0.learningRate, $0.expertDecay) = (projection, 1e-30, 0)
            $0.epochs = 1
        }
        let editor = try bench.editor(config, batches: 2)
        let prompts = try bench.bench.edits(0..<6).map(\.prompt)
        #expect(try editor.isUnchanged(prompts).allSatisfy { $0 })
    }

    @Test(arguments: ["gpt2", "llama"], LEMoEConfig.Projection.allCases)
    func aBatchLeavesEverythingOlderBitForBit(
        family: String, projection: LEMoEConfig.Projection
    ) throws {
        let bench = try LEMoEBench(family)
        let base = try bench.model.parameters.map { try $0.tensor.copy() }
        var editor = try bench.editor(bench.config { $0.projection = projection }, batches: 1)
        let before = try editor.state().tensors.mapValues { try $0.copy() }
        try editor.learn(bench.batch(1)) { _ in }
        let after = try editor.state().tensors
        for (name, tensor) in before
        where name.hasPrefix("experts.") || name.hasPrefix("keys.")
            || (name.hasPrefix("projections.") && !projection.isSharedAndTrained)
        {
            #expect(try tensor.isBitEqual(to: after[name]!), "\(name)")
        }
        for (old, (name, new)) in zip(base, bench.model.parameters) {
            #expect(try new.isBitEqual(to: old), "\(name)")
            #expect(!new.requiresGradient, "\(name)")
        }
        #expect(editor.experts.count == 2)
        #expect(after.values.allSatisfy { !$0.requiresGradient })
    }

    @Test(arguments: ["gpt2", "llama"])
    func everyRowOfABatchTrainsTheNewExpert(family: String) throws {
        let bench = try LEMoEBench(family)
        let editor = try bench.editor(bench.config { _ in }, batches: 1)
        let rows = try bench.encoded(1)
        for row in rows {
            var pupil = editor
            // An expert that is not zero, so that all of its tensors have gradients.
            let newcomer = try pupil.newcomer()
            let expert = try newcomer.expert.mapped {
                try Tensor.normal($0.shape, deviation: 0.1, seed: 3).requireGradient()
            }
            pupil.experts.append(expert)
            pupil.router.keys.append(newcomer.key)
            let batch = try EditBatch([row], device: .cpu)
            let prefix = try bench.model.prefix(batch.tokens, upTo: editor.seam)
            let routes = try pupil.trainingRoutes(
                pupil.embeddings([row.prompt], subjects: pupil.subjects))
            let hidden = try bench.model.suffix(
                prefix, adaptation: pupil.bypass(routes, scope: nil), at: batch.positions)
            try Tensor.crossEntropy(bench.model.logits(hidden), labels: batch.labels).backward()
            for (name, tensor) in expert.tensors {
                let size = try tensor.gradient?.pow(2).sum().item() ?? 0
                #expect(size > 0, "\(name)")
            }
        }
    }

    // MARK: Routing

    @Test(arguments: ["gpt2", "llama"])
    func gatesAreProbabilitiesOfWhichKAreKept(family: String) throws {
        let bench = try LEMoEBench(family)
        let editor = try bench.editor(bench.config { $0.active = 2 }, batches: 3)
        let prompts = try bench.encoded(0).map(\.prompt)
        let embeddings = try editor.embeddings(prompts, subjects: editor.subjects)
        let all = try editor.probabilities(editor.scores(embeddings))
        for sum in try all.sum(dim: 1).floats() { #expect(abs(sum - 1) < 1e-6) }
        let routes = try editor.routes(embeddings, prompts: prompts)
        #expect(routes.gates.shape == [prompts.count, 2])
        #expect(try routes.gates.isBitEqual(to: all.topK(2, dim: 1).values))
        for row in prompts.indices {
            #expect(routes.choices[0][row] != routes.choices[1][row])
        }
    }

    @Test(arguments: ["gpt2", "llama"], LEMoEConfig.Pooling.allCases)
    func aPromptHasOneRouteAloneInCompanyAndWithItsTarget(
        family: String, pooling: LEMoEConfig.Pooling
    ) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config { ($0.pooling, $0.projection) = (pooling, .anchors) }
        let editor = try bench.editor(config, batches: 3)
        let edits = try bench.bench.edits(0..<12)
        let generated = try editor.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 3))
        let scored = try editor.score(edits.flatMap(\.rows))
        for (index, edit) in edits.enumerated() {
            let alone = try editor.complete(
                [edit.prompt], options: GenerationOptions(maximumTokens: 3))[0]
            #expect(alone.trace == generated[index].trace)
            #expect(alone.trace == scored[index].trace)
            #expect(alone.tokens == generated[index].tokens)
        }
        // A batch that is padded.
        let prompts = edits.map { NumberTokenizer().encode($0.prompt) }
        let prefix = try bench.model.prefix(TokenBatch(prompts), upTo: editor.seam)
        #expect(try editor.decide(prefix, prompts: prompts).traces == generated.map(\.trace))
    }

    @Test func theStartTokenIsNotPooled() throws {
        let bench = try LEMoEBench("gpt2")
        let editor = try LEMoE(
            model: bench.model, tokenizer: StartingTokenizer(), config: bench.config { _ in },
            seed: 1)
        let found = try editor.embeddings([[62, 5, 9], [5, 9]], subjects: SubjectIndex())
        #expect(
            try found.at(dim: 0, index: 0).isBitEqual(to: found.at(dim: 0, index: 1)))
    }

    @Test func anEntityIsPooledLikeItsSubjectAndElseLikeThePrompt() throws {
        let bench = try LEMoEBench("gpt2")
        let editor = try bench.editor(bench.config { $0.pooling = .entity }, batches: 0)
        var subjects = SubjectIndex()
        subjects.insert("7 8", tokenizer: NumberTokenizer())
        subjects.insert("7 8 9", tokenizer: NumberTokenizer())
        let found = try editor.embeddings(
            [[1, 7, 8, 9, 2], [3, 7, 8, 4], [7, 8], [7, 8, 9], [1, 2]], subjects: subjects)
        func same(_ a: Int, _ b: Int) throws -> Bool {
            try found.at(dim: 0, index: a).isBitEqual(to: found.at(dim: 0, index: b))
        }
        #expect(try same(0, 3))
        #expect(try same(1, 2))
        #expect(try !same(0, 1))
        let table = bench.model.tokenEmbeddings
        let rows = try [1, 2].map { try table.at(dim: 0, index: $0) }
        #expect(
            try found.at(dim: 0, index: 4).isBitEqual(
                to: Tensor.stacked(rows, dim: 0).mean(dim: 0)))
    }

    @Test(arguments: ["gpt2", "llama"])
    func hiddenStatesCanBePooledInsteadOfTheTable(family: String) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config {
            ($0.queryBlock, $0.projection, $0.similarity) = (1, .anchors, .cosine)
        }
        let editor = try bench.editor(config, batches: 2)
        let edits = try bench.bench.edits(0..<8)
        let answers = try editor.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 2))
        #expect(answers.map(\.trace.code) == (0..<8).map { "\($0 / 4)" })
        #expect(try editor.routing()?.ownExpert == 1)
    }

    @Test(arguments: ["gpt2", "llama"])
    func inTheFirstBatchKeyAndProjectionStayAsTheyWereDrawn(family: String) throws {
        let bench = try LEMoEBench(family)
        var editor = try bench.editor(bench.config { _ in }, batches: 0)
        let drawn = editor.router.projections[0]
        let newcomer = try editor.newcomer()
        _ = try editor.teach(
            bench.encoded(0), editIDs: ["0", "1", "2", "3"], newcomer: newcomer)
        // The softmax over one key is one, so its gradient is exactly zero.
        #expect(try editor.router.keys[0].isBitEqual(to: newcomer.key))
        #expect(try editor.router.projections[0].down.isBitEqual(to: drawn.down))
        #expect(try editor.router.projections[0].up.isBitEqual(to: drawn.up))
        #expect(editor.memory.rows.allSatisfy { $0.gate == 1 })
        let (old, new) = (newcomer.expert.tensors[0].tensor, editor.experts[0].tensors[0].tensor)
        #expect(try !new.isBitEqual(to: old))
    }

    @Test(
        arguments: ["gpt2", "llama"],
        [
            LEMoEConfig.Projection.sharedTrainable, .perExpert, .sharedFrozen, .sharedReplay,
            .prototype,
        ])
    func oldScoresMoveOnlyWhereASharedProjectionIsTrained(
        family: String, projection: LEMoEConfig.Projection
    ) throws {
        let bench = try LEMoEBench(family)
        var editor = try bench.editor(bench.config { $0.projection = projection }, batches: 2)
        let prompts = try bench.bench.edits(0..<20).map { NumberTokenizer().encode($0.prompt) }
        let embeddings = try editor.embeddings(prompts, subjects: editor.subjects)
        func old() throws -> Tensor {
            try editor.scores(embeddings).narrowed(dim: 1, start: 0, length: 2).contiguous()
        }
        let before = try old()
        try editor.learn(bench.batch(2)) { _ in }
        #expect(try old().isBitEqual(to: before) == !projection.isSharedAndTrained)
    }

    @Test func theDriftReportShowsWhatANewerBatchTookAway() throws {
        let bench = try LEMoEBench("gpt2")
        let config = bench.config { ($0.epochs, $0.learningRate) = (40, 0.02) }
        let editor = try bench.editor(config, batches: 4)
        let report = try #require(try editor.routing())
        let prompts = editor.memory.rows.map(\.prompt)
        let today = try editor.routesToday(prompts)
        let own = editor.memory.rows.map(\.expert)
        #expect(report.ownExpert == Double(zip(today, own).count { $0 == $1 }) / 16)
        #expect(report.newestExpert == Double(today.count { $0 == 3 }) / 16)
        #expect(
            report.moved
                == Double(zip(today, editor.memory.rows).count { $0 != $1.route }) / 16)
        // Read literally, the paper's loss lets the newest expert take what was others'.
        #expect(report.moved > 0)
        let anchored = try bench.editor(
            bench.config { ($0.projection, $0.similarity) = (.anchors, .cosine) }, batches: 4)
        var expected = RoutingReport(ownExpert: 1, newestExpert: 0.25, moved: 0)
        let alike = OrderPlanner.similarities(
            try anchored.memory.embeddings!.floats().chunks(
                of: bench.model.configuration.width),
            (0..<4).map { Array($0 * 4..<$0 * 4 + 4) })
        (expected.similarityWithin, expected.similarityBetween) = (alike.within, alike.between)
        #expect(try anchored.routing() == expected)
    }

    // MARK: Oracle

    @Test func aToldPromptGoesThroughTheExpertOfItsEditWithTheWeightOfItsBatch() throws {
        let bench = try LEMoEBench("gpt2")
        let editor = try bench.editor(bench.config { _ in }, batches: 3)
        let edits = try bench.bench.edits(0..<12)
        let encoded = edits.map { NumberTokenizer().encode($0.prompt) }
        let told = editor.knowing(
            Dictionary(uniqueKeysWithValues: zip(encoded, edits.map(\.id))))
        let answers = try told.complete(
            edits.map(\.prompt), options: GenerationOptions(maximumTokens: 1))
        #expect(answers.map(\.trace.code) == (0..<12).map { "\($0 / 4)" })
        let routes = try told.routes(
            told.embeddings(encoded, subjects: told.subjects), prompts: encoded)
        #expect(try routes.gates.floats() == editor.memory.rows.map(\.gate))
        // Only the copy was told.
        #expect(editor.oracle.isEmpty)
    }

    // MARK: Guards

    @Test(arguments: ["gpt2", "llama"], LEMoEConfig.Guard.allCases)
    func aDeferredRowIsTheUneditedModelsBitForBit(
        family: String, scopeGuard: LEMoEConfig.Guard
    ) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config {
            ($0.scopeGuard, $0.similarity) = (scopeGuard, scopeGuard == .null ? .dot : .cosine)
            ($0.guardCosine, $0.guardMargin) = (0.95, 0)
            switch scopeGuard {
            case .edit: $0.projection = .anchors
            case .key: $0.projection = .prototype
            case .off, .null: $0.projection = .sharedFrozen
            }
        }
        let editor = try bench.editor(config, batches: 2)
        let prompts = try bench.bench.edits(0..<24).map(\.prompt)
        let options = GenerationOptions(maximumTokens: 4)
        let answers = try editor.complete(prompts, options: options)
        let isEdited = answers.map { $0.trace.decision == .edited }
        #expect(isEdited.contains(true))
        #expect(isEdited.contains(false) == (scopeGuard != .off))
        #expect(try editor.isUnchanged(prompts) == isEdited.map { !$0 })
        let base = try Unedited(model: bench.model, tokenizer: NumberTokenizer())
            .complete(prompts, options: options)
        for (answer, base) in zip(answers, base) where answer.trace.decision == .deferred {
            #expect(answer.tokens == base.tokens)
        }
        if scopeGuard == .edit {
            // What was taught is nearest to itself.
            #expect(answers.prefix(8).map(\.trace.nearestEdit) == (0..<8).map { "edit-\($0)" })
            #expect(isEdited.prefix(8).allSatisfy { $0 })
        }
    }

    @Test func anEditorThatHasLearnedNothingDefersEverything() throws {
        let bench = try LEMoEBench("gpt2")
        let editor = try bench.editor(bench.config { _ in }, batches: 0)
        let prompts = try bench.bench.edits(0..<4).map(\.prompt)
        #expect(try editor.isUnchanged(prompts).allSatisfy { $0 })
        #expect(try editor.routing() == nil)
    }

    // MARK: Planning

    @Test func thePlanHasEveryEditOnceInBatchesOfTheWantedSize() throws {
        let bench = try LEMoEBench("gpt2")
        let edits = try bench.bench.edits(0..<23)
        for plans in [true, false] {
            let config = bench.config { ($0.editsPerExpert, $0.plansOrder) = (5, plans) }
            let plan = try #require(try bench.editor(config, batches: 0).plan(edits))
            #expect(plan.joined().sorted() == Array(0..<23))
            #expect(plan.map(\.count).sorted() == [3, 5, 5, 5, 5])
            #expect((plan.flatMap { $0 } == Array(0..<23)) == !plans)
        }
        let config = bench.config { $0.editsPerExpert = 23 }
        #expect(try bench.editor(config, batches: 0).plan(edits) == [Array(0..<23)])
    }

    // MARK: Learning

    @Test(arguments: ["gpt2", "llama"])
    func whatIsTaughtIsAnswered(family: String) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config {
            ($0.projection, $0.similarity, $0.renormalisesScores) = (.anchors, .cosine, true)
            ($0.learningRate, $0.epochs, $0.expertWidth) = (0.02, 300, 32)
        }
        let editor = try bench.editor(config, batches: 2)
        let scores = try editor.score(bench.bench.edits(0..<8).flatMap(\.rows))
        #expect(scores.allSatisfy { $0.isRight.allSatisfy { $0 } })
    }

    @Test func aBfloat16ModelIsTaughtToo() throws {
        let bench = try LEMoEBench("gpt2", dtype: .bfloat16)
        let editor = try bench.editor(bench.config { _ in }, batches: 2)
        #expect(editor.experts[0].tensors.allSatisfy { $0.tensor.dtype == .float32 })
        let prompts = try bench.bench.edits(0..<4).map(\.prompt)
        #expect(try editor.isUnchanged(prompts).contains(false))
    }

    @Test func aBadLastEditIsFoundBeforeTheFirstIsLearned() throws {
        let bench = try LEMoEBench("gpt2")
        var editor = try bench.editor(bench.config { _ in }, batches: 1)
        let before = try editor.state()
        let long = try EditRecord(
            id: "long", prompt: (0..<40).map(String.init).joined(separator: " "), target: "1")
        #expect(throws: EditError.self) {
            try editor.learn(bench.batch(1) + [long]) { _ in }
        }
        try expectSame(before, try editor.state())
    }

    // MARK: State

    @Test(arguments: ["gpt2", "llama"], LEMoEConfig.Projection.allCases)
    func savingAndGoingOnIsNotHavingStopped(
        family: String, projection: LEMoEConfig.Projection
    ) throws {
        let bench = try LEMoEBench(family)
        let config = bench.config { ($0.projection, $0.pooling) = (projection, .entity) }
        var editor = try bench.editor(config, batches: 2)
        let state = try editor.state()
        var restored = try LEMoE(
            restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        try expectSame(state, restored.state())
        try editor.learn(bench.batch(2)) { _ in }
        try restored.learn(bench.batch(2)) { _ in }
        try expectSame(editor.state(), restored.state())
        #expect(try editor.routing() == restored.routing())
        // The saved state was not changed by going on.
        try expectSame(state, bench.editor(config, batches: 2).state())
        #expect(
            editor.storedBytes.constant + editor.storedBytes.growing
                >= (try editor.state().tensors.values.reduce(0) { $0 + $1.byteCount }))
    }

    @Test(arguments: [LEMoEConfig.Projection.sharedTrainable, .perExpert, .prototype])
    func whatEveryExpertHasOfItsOwnCounts(projection: LEMoEConfig.Projection) throws {
        let bench = try LEMoEBench("gpt2")
        let config = bench.config { $0.projection = projection }
        let editor = try bench.editor(config, batches: 3)
        let width = bench.model.configuration.width
        let map = 2 * width * config.bottleneck
        let (own, shared) =
            switch projection {
            case .sharedTrainable: (width, map)
            case .perExpert: (width + map, 0)
            default: (0, 0)
            }
        let expert = editor.experts[0].parameterCount
        #expect(editor.trainableParameters == 3 * (expert + own) + shared)
    }

    @Test func aMissingOrMisshapenTensorIsNamed() throws {
        let bench = try LEMoEBench("gpt2")
        let whole = try bench.editor(bench.config { _ in }, batches: 1).state()
        for name in whole.tensors.keys {
            for damage in [nil, try Tensor.zeros([1])] {
                var state = whole
                state.tensors[name] = damage
                let error = #expect(throws: EditError.self) {
                    try LEMoE(
                        restoring: state, model: bench.model, tokenizer: NumberTokenizer())
                }
                #expect(error?.message.contains("'\(name)'") == true)
            }
        }
        var state = whole
        state.document = "{}"
        #expect(throws: EditError.self) {
            try LEMoE(restoring: state, model: bench.model, tokenizer: NumberTokenizer())
        }
    }

    @Test(arguments: [
        ("block", "9"), ("queryBlock", "5"), ("expertWidth", "0"), ("active", "0"),
        ("temperature", "0"), ("learningRate", "-1"), ("guardCosine", "1"), ("editsPerExpert", "0"),
        ("expertWdith", "4"), ("projection", "shared"),
    ])
    func aBadRecipeIsRefusedByTheNameOfItsKey(key: String, value: String) throws {
        let bench = try LEMoEBench("gpt2")
        let error = #expect(throws: EditError.self) {
            try LEMoEConfig.paper(for: bench.model.configuration).replacing([key: value])
                .validate(for: bench.model.configuration)
        }
        #expect(error?.message.contains("`\(key)`") == true)
    }

    @Test func thePublishedPlaceScalesWithTheDepth() {
        #expect(LEMoEConfig.paper(for: .llama2_7B).block == 18)
        #expect(LEMoEConfig.paper(for: .gpt2XL).block == 27)
        #expect(LEMoEConfig.paper(for: .llama2_7B).bottleneck == 1024)
        #expect(LEMoEConfig.paper(for: .llama2_7B).expertWidth == 11008)
    }
}

extension LEMoEConfig.Projection {
    fileprivate var isSharedAndTrained: Bool { self == .sharedTrainable || self == .sharedReplay }
}

func expectSame(
    _ one: MethodState, _ other: MethodState, location: SourceLocation = #_sourceLocation
) throws {
    #expect(one.document == other.document, sourceLocation: location)
    #expect(one.tensors.keys.sorted() == other.tensors.keys.sorted(), sourceLocation: location)
    for (name, tensor) in one.tensors {
        let copy = try #require(other.tensors[name])
        #expect(
            try tensor.detached().isBitEqual(to: copy.detached()), "\(name)",
            sourceLocation: location)
    }
}

/// Numbers after a start token, as LLaMA's tokenizer has it.
private struct StartingTokenizer: Tokenizer {
    private let numbers = NumberTokenizer()
    var vocabularySize: Int { 64 }
    var beginningOfText: Int? { 62 }
    var endOfText: Int? { 63 }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int] {
        (addSpecialTokens ? [62] : []) + numbers.encode(text, addSpecialTokens: false)
    }

    func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String { numbers.decode(ids) }
    func id(of token: String) -> Int? { Int(token) }
    func token(of id: Int) -> String? { String(id) }
}

/// A tiny model and its edits, four to a batch.
struct LEMoEBench {
    let bench: Bench
    let model: CausalModel

    init(_ family: String, dtype: DType = .float32) throws {
        bench = try Bench(family)
        model = try dtype == .float32 ? bench.model : bench.model.cast(to: dtype)
    }

    /// The paper's recipe with small experts and few, longer steps.
    func config(_ change: (inout LEMoEConfig) -> Void) -> LEMoEConfig {
        var config = LEMoEConfig.paper(for: model.configuration)
        (config.expertWidth, config.epochs, config.learningRate) = (8, 3, 0.01)
        (config.editsPerExpert, config.batchSize) = (4, 3)
        change(&config)
        return config
    }

    func batch(_ index: Int) throws -> [EditRecord] {
        try bench.edits(index * 4..<index * 4 + 4)
    }

    func encoded(_ index: Int) throws -> [EncodedRow] {
        try batch(index).flatMap(\.rows).map {
            try EncodedRow(
                $0, tokenizer: NumberTokenizer(), configuration: model.configuration)
        }
    }

    func editor(_ config: LEMoEConfig, batches: Int) throws -> LEMoE {
        try config.validate(for: model.configuration)
        var editor = try LEMoE(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 7)
        for index in 0..<batches { try editor.learn(batch(index)) { _ in } }
        return editor
    }
}
