import Editing
import Edits
import LanguageModels

/// Times the learning of edits, batch by batch.
struct EditTiming {
    let model: CausalModel
    let tokenizer: NumberTokenizer
    /// Edits a batch, and tokens of each.
    let rows: Int
    let tokens: Int
    /// Timed batches.
    let batches: Int

    /// Learns until as many rows are rehearsed as `config` wants, and times what follows.
    func figures(_ name: String, _ config: ELDERConfig) throws -> EditFigures {
        var config = config
        config.batchSize = rows
        var texts = RandomTexts(vocabularySize: tokenizer.vocabularySize, seed: 3)
        try warmUp(config, &texts)
        var editor = try ELDER(model: model, tokenizer: tokenizer, config: config, seed: 1)
        try editor.prepare()
        let before = (config.replayRows + rows - 1) / rows
        if before > 0 { try editor.learn(texts.edits(before * rows, tokens: tokens)) { _ in } }

        let edits = try texts.edits(batches * rows, tokens: tokens)
        var steps = 0
        let elapsed = try timed { try editor.learn(edits) { steps += $0.steps } }
        return EditFigures(
            name: name, edits: edits.count, stepsPerBatch: Double(steps) / Double(batches),
            rowsPerStep: rows + config.replayRows, perEdit: elapsed / Double(edits.count),
            perStep: elapsed / Double(steps), peakBytes: Usage.ofThisProcess.peakBytes)
    }

    /// Takes two steps with an editor that is thrown away, so that the engine has made its kernels.
    private func warmUp(_ config: ELDERConfig, _ texts: inout RandomTexts) throws {
        var config = config
        config.steps = 2
        var editor = try ELDER(model: model, tokenizer: tokenizer, config: config, seed: 1)
        try editor.learn(texts.edits(rows, tokens: tokens)) { _ in }
    }
}
