import Edits
import LanguageModels
import Testing
import Tokenizers
import Torch

@testable import Editing

/// Routers that read their own layers, and the presets that turn one switch each.
@Suite struct ELDERPerLayerTests {
    /// An editor whose routers are far enough apart for their choices to differ.
    private func editor(_ bench: Bench, threshold: Int) throws -> ELDER {
        var config = try bench.config()
        (config.query, config.steps, config.hammingThreshold) = (.perLayer, 120, threshold)
        config.guidanceWeight = 1
        var editor = try bench.editor(config, seed: 1)
        try editor.learn(bench.edits(0..<4)) { _ in }
        return editor
    }

    @Test(arguments: ["gpt2", "llama"])
    func theRoutesFoundInAPassAreThoseOfEachLayersOwnInput(family: String) throws {
        let bench = try Bench(family)
        let editor = try editor(bench, threshold: 100)
        let prompts = try bench.edits(0..<6).map { NumberTokenizer().encode($0.prompt) }
        let tokens = try TokenBatch(prompts)
        try withoutGradients {
            let prefix = try bench.model.prefix(tokens, upTo: editor.seam, taps: editor.taps)
            let query = try editor.query(prefix, promptLengths: tokens.lengths)
            let routes = try editor.routes(
                prefix, query: query, promptLengths: tokens.lengths)
            // The lowest adapted map's input is the seam's.
            let lowest = try editor.router.layer(0).routes(
                prefix.input.last(of: tokens.lengths), active: editor.config.active)
            #expect(
                try routes.logits.narrowed(dim: 1, start: 0, length: 1)
                    .isBitEqual(to: lowest.logits))
            let shared = try editor.router.routes(query, active: editor.config.active)
            #expect(try !routes.logits.isBitEqual(to: shared.logits))
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func routesOfThePromptHoldForEveryTokenAfterIt(family: String) throws {
        let bench = try Bench(family)
        let editor = try editor(bench, threshold: 100)
        let prompts = try bench.edits(0..<6).map(\.prompt)
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
            #expect(answer.trace.decision == .edited)
            #expect(Array(likeliest[(ids.count - 1)...].prefix(8)) == answer.tokens)
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func whatWasTaughtIsAnsweredAndDeferredRowsAreTheUneditedModels(family: String) throws {
        let bench = try Bench(family)
        let editor = try editor(bench, threshold: 1)
        let edits = try bench.edits(0..<4)
        let scores = try editor.score(edits.flatMap(\.rows))
        for score in scores where score.trace.decision == .edited {
            #expect(score.isRight.allSatisfy { $0 })
        }
        let prompts = try bench.edits(0..<24).map(\.prompt)
        let answers = try editor.complete(prompts, options: .init(maximumTokens: 2))
        let isEdited = answers.map { $0.trace.decision == .edited }
        #expect(isEdited.contains(true) && isEdited.contains(false))
        #expect(try editor.isUnchanged(prompts) == isEdited.map { !$0 })
    }

    @Test(arguments: ["gpt2", "llama"])
    func aModelInBfloat16Runs(family: String) throws {
        let configuration =
            family == "gpt2"
            ? ModelConfiguration.gpt2(
                vocabularySize: 64, contextLength: 32, width: 16, blocks: 4, heads: 2)
            : .llama(
                vocabularySize: 64, contextLength: 32, width: 16, blocks: 4, heads: 2,
                feedForwardWidth: 24)
        let model = try CausalModel.random(configuration, seed: 1, dtype: .bfloat16)
        var config = try ELDERConfig.paper(blocks: 4, part: ELDERConfig.part(for: configuration))
        (config.query, config.hammingThreshold) = (.perLayer, 100)
        var editor = try ELDER(
            model: model, tokenizer: NumberTokenizer(), config: config, seed: 1)
        let edits = try Bench(family).edits(0..<2)
        try editor.learn(edits) { #expect($0.loss.isFinite) }
        #expect(try editor.score(edits.flatMap(\.rows)).allSatisfy { $0.trace.decision == .edited })
    }

    @Test func everyAblationIsThePaperWithOneSwitchTurned() throws {
        for model in [ModelConfiguration.gpt2XL, .llama2_7B, .gpt2Small] {
            let part = ELDERConfig.part(for: model)
            let paper = try ELDERConfig.paper(blocks: model.blocks, part: part)
            let switches: [(String, (inout ELDERConfig) -> Void)] = [
                ("paper", { _ in }),
                ("no-guide", { $0.guidance = .off }),
                ("balancing", { $0.guidance = .loadBalancing }),
                ("forced", { $0.trainingRouting = .allocation }),
                ("per-layer-query", { $0.query = .perLayer }),
                ("renormalised", { $0.renormalisesScores = true }),
            ]
            #expect(MethodEntry.elder.presets.map(\.name) == ["default"] + switches.map(\.0))
            for (name, turn) in switches {
                var expected = paper
                turn(&expected)
                let recipe = try MethodEntry.elder.recipe(name, for: model) as? ELDERConfig
                #expect(recipe == expected, "\(name)")
                #expect(name == "paper" || expected != paper)
            }
        }
    }

    @Test func aQueryOfEachLayerCannotBeRoutedAgain() throws {
        var config = try ELDERConfig.paper(blocks: 6, part: .expansion)
        (config.query, config.codeStorage) = (.perLayer, .refreshed)
        #expect(throws: EditError.self) { try config.validate() }
        (config.codeStorage, config.gate, config.routeSource) = (.lastStep, .match, .match)
        let error = #expect(throws: EditError.self) { try config.validate() }
        #expect(error?.message.contains("Config key `query` must be `shared`") == true)
        config.routeSource = .prompt
        try config.validate()
    }
}
