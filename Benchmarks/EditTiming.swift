import Editing
import Edits
import LanguageModels

/// Times the learning of edits, batch by batch.
struct EditTiming {
    let model: CausalModel
    let tokenizer: NumberTokenizer
    /// Tokens of an edit.
    let tokens: Int
    /// Replaces the rows a batch of recipes that have batches.
    let rows: Int?
    /// Timed batches.
    let batches: Int

    /// Learns until as many rows are rehearsed as the recipe wants, and times what follows.
    func figures(_ way: EditCase) throws -> EditFigures {
        let recipe = try way.recipe(for: model.configuration, rows: rows)
        let numbers = try recipe.numbers()
        let batch = Int(numbers["batchSize"] ?? 1)
        let rehearsed = recipe is ELDERConfig ? Int(numbers["replayRows"] ?? 0) : 0
        var texts = RandomTexts(vocabularySize: tokenizer.vocabularySize, seed: 3)
        try warmUp(way, recipe, on: texts.edits(batch, tokens: tokens))

        var method = try method(way, recipe)
        let before = (rehearsed + batch - 1) / batch * batch
        if before > 0 { try method.learn(texts.edits(before, tokens: tokens)) { _ in } }
        let edits = try texts.edits(batches * batch, tokens: tokens)
        let groups = try method.plan(edits)?.map { $0.map { edits[$0] } } ?? [edits]
        var steps = 0
        let elapsed = try timed {
            for group in groups { try method.learn(group) { steps += $0.steps } }
        }
        return EditFigures(
            name: way.title, method: way.method, isPublished: way.isPublished, edits: edits.count,
            batchRows: batch, rowsPerStep: batch + rehearsed, steps: steps,
            perEdit: elapsed / Double(edits.count),
            perStep: steps > 0 ? elapsed / Double(steps) : nil,
            trainedParameters: method.trainableParameters,
            peakBytes: Usage.ofThisProcess.peakBytes)
    }

    /// A prepared method that has learned nothing.
    private func method(_ way: EditCase, _ recipe: any Recipe) throws -> any EditingMethod {
        var method = try MethodEntry.named(way.method).method(
            model: model, tokenizer: tokenizer, recipe: recipe, seed: 1)
        try method.prepare()
        return method
    }

    /// Takes two steps, or one round, with a method that is thrown away, so that the engine has made
    /// its kernels.
    private func warmUp(
        _ way: EditCase, _ recipe: any Recipe, on edits: [EditRecord]
    ) throws {
        let few = ["steps": "2", "epochs": "1"]
        let keys = try recipe.numbers().keys
        var method = try method(way, recipe.replacing(few.filter { keys.contains($0.key) }))
        try method.learn(edits) { _ in }
    }
}
