import Editing
import Edits
import Foundation
import LanguageModels
import Torch

/// Everything that is measured of one model in this process.
struct Measurement {
    let kind: BenchmarkModel
    let options: MeasureOptions
    let model: CausalModel
    let tokenizer: NumberTokenizer

    init(_ kind: BenchmarkModel, options: MeasureOptions) throws {
        try Engine.setThreads(options.threads)
        self.kind = kind
        self.options = options
        model = try kind.load()
        tokenizer = NumberTokenizer(vocabularySize: model.configuration.vocabularySize)
    }

    /// Everything but editing.
    func others() throws -> ModelFigures {
        let generation = GenerationTiming(
            model: model, tokenizer: tokenizer, repetitions: options.quick ? 3 : 15)
        note("\(kind): generation")
        let ways = try generation.figures(learned())
        let (operation, lookUps) = (try operationTime(), lookUpRate())
        note("\(kind): opening")
        var figures = figures()
        figures.others = OtherFigures(
            generation: ways, promptTokens: generation.promptTokens,
            generatedTokens: generation.generatedTokens, nanosecondsPerOperation: operation,
            lookUpsPerSecond: lookUps, openSeconds: try CheckpointOpening(kind, model).seconds())
        return figures
    }

    /// One way of editing.
    func edits(_ way: EditCase) throws -> ModelFigures {
        note("\(kind): \(way.title)")
        let timing = EditTiming(
            model: model, tokenizer: tokenizer, tokens: options.tokens, rows: options.rows,
            batches: kind == .small && !options.quick ? 10 : 1)
        let edits = try timing.figures(way)
        var figures = figures()
        figures.edits = [edits]
        return figures
    }

    /// What the model is, and how busy the machine has been.
    private func figures() -> ModelFigures {
        ModelFigures(
            model: kind, title: kind.title, parameters: model.parameterCount,
            dtype: "\(model.dtype)", weightBytes: model.byteCount, threads: options.threads,
            tokens: options.tokens, load: [loadAverage()])
    }

    private func recipe() throws -> ELDERConfig {
        var config = try ELDERConfig.default(
            blocks: model.configuration.blocks, part: .expansion)
        // What random weights write teaches a gate nothing, so a few texts will do.
        config.matchGate.samples = 16
        return config
    }

    /// An editor that has learned one batch, and the prompt of its first edit.
    private func learned() throws -> (editor: ELDER, prompt: String) {
        var config = try recipe()
        config.steps = 5
        var texts = RandomTexts(vocabularySize: tokenizer.vocabularySize, seed: 7)
        let edits = try texts.edits(4, tokens: options.tokens)
        var editor = try ELDER(model: model, tokenizer: tokenizer, config: config, seed: 1)
        try editor.learn(edits) { _ in }
        return (editor, edits[0].prompt)
    }
}

/// The average number of programs that wanted a core in the last minute.
func loadAverage() -> Double {
    var load = [0.0, 0, 0]
    return getloadavg(&load, 3) > 0 ? load[0] : .nan
}
