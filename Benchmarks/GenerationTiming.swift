import Editing
import Edits
import LanguageModels

/// Times answers as a user gets them: tokenizer, gate and sampler included.
struct GenerationTiming {
    let model: CausalModel
    let tokenizer: NumberTokenizer
    let repetitions: Int
    let promptTokens = 20
    let generatedTokens = 64

    /// The same number of tokens after the same prompt from the unedited model, from an editor that
    /// has never seen the prompt, and from one that has learned it.
    ///
    /// The three take turns, and each turn is compared with the unedited one beside it.
    func figures(_ learned: (editor: ELDER, prompt: String)) throws -> [GenerationFigures] {
        let unedited = Unedited(model: model, tokenizer: tokenizer)
        var texts = RandomTexts(vocabularySize: tokenizer.vocabularySize, seed: 11)
        let foreign = texts.text(tokens: promptTokens)
        try check(learned.editor, learned.prompt, foreign)
        let ways: [(name: String, run: () throws -> Void)] = [
            ("unedited", { try answer(unedited, foreign) }),
            ("deferred", { try answer(learned.editor, foreign) }),
            ("edited", { try answer(learned.editor, learned.prompt) }),
        ]
        var seconds = [[Double]](repeating: [], count: ways.count)
        for repetition in 0...repetitions {
            for place in ways.indices {
                let way = (place + repetition) % ways.count
                let elapsed = try timed(ways[way].run).wall
                // The first round makes the engine's kernels.
                if repetition > 0 { seconds[way].append(elapsed) }
            }
        }
        return ways.indices.map { way in
            GenerationFigures(
                name: ways[way].name,
                tokensPerSecond: Double(generatedTokens) / seconds[way].median,
                overhead: zip(seconds[way], seconds[0]).map { $0 / $1 - 1 }.median)
        }
    }

    private func answer(_ method: any EditingMethod, _ prompt: String) throws {
        // No token ends the text, so that all are equally long.
        let options = GenerationOptions(maximumTokens: generatedTokens, stopTokens: [])
        let answers = try method.complete([prompt], options: options)
        guard answers[0].tokens.count == generatedTokens else {
            throw BenchmarkError(
                "expected \(generatedTokens) tokens, got \(answers[0].tokens.count); "
                    + "the model's context is too short for this benchmark.")
        }
    }

    /// Sees to it that the names say what is timed.
    private func check(_ editor: ELDER, _ known: String, _ foreign: String) throws {
        let options = GenerationOptions(maximumTokens: 1)
        let decisions = try [known, foreign].map {
            try editor.complete([$0], options: options)[0].trace.decision
        }
        guard decisions == [.edited, .deferred] else {
            throw BenchmarkError(
                "expected the learned prompt to be edited and the other deferred, got \(decisions); "
                    + "the gate cannot tell random prompts apart.")
        }
    }
}
