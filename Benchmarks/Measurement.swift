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
        note("\(kind): \(kind.title)")
        model = try kind.load()
        tokenizer = NumberTokenizer(vocabularySize: model.configuration.vocabularySize)
    }

    func figures() throws -> ModelFigures {
        let paper = try ELDERConfig.paper(blocks: model.configuration.blocks, part: .expansion)
        var figures = ModelFigures(
            model: kind, title: kind.title, parameters: model.parameterCount,
            dtype: "\(model.dtype)", weightBytes: model.byteCount, threads: options.threads,
            rows: options.rows, tokens: options.tokens, firstEdited: paper.firstBlock)
        // Edits come first, while the peak of this process is theirs.
        figures.edits = try editFigures(paper)
        figures.load.append(loadAverage())
        let generation = GenerationTiming(
            model: model, tokenizer: tokenizer, repetitions: options.quick ? 3 : 15)
        figures.promptTokens = generation.promptTokens
        figures.generatedTokens = generation.generatedTokens
        note("\(kind): generation")
        figures.generation = try generation.figures(learned())
        figures.nanosecondsPerOperation = try operationTime()
        figures.lookUpsPerSecond = lookUpRate()
        note("\(kind): opening")
        figures.openSeconds = try CheckpointOpening(kind, model).seconds()
        figures.load.append(loadAverage())
        return figures
    }

    private func editFigures(_ paper: ELDERConfig) throws -> [EditFigures] {
        let complete = try recipe()
        var plain = complete
        plain.replayRows = 0
        let timing = EditTiming(
            model: model, tokenizer: tokenizer, rows: options.rows, tokens: options.tokens,
            batches: kind == .small && !options.quick ? 10 : 1)
        note("\(kind): ELDER paper")
        var all = [try timing.figures("ELDER paper", paper)]
        note("\(kind): ELDER default")
        all.append(try timing.figures("ELDER default, no rehearsal", plain))
        if !options.quick || kind == .small {
            all.append(try timing.figures("ELDER default", complete))
        }
        return all
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
        let edits = try texts.edits(options.rows, tokens: options.tokens)
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
