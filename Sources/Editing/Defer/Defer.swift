import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, T tokens, N target tokens, V vocabulary, in and out widths of the replaced map.

/// Editing with a trained deferral (the baseline "Defer" of GRACE, arXiv 2211.11031).
///
/// Beside one linear map near the top stand a gate and a predictor, two linear maps of one query.
/// Where the gate is open the prediction replaces the map's output. Both are trained on every edit
/// in turn and remember no other: nothing is stored, and nothing teaches the gate to stay shut.
package struct Defer: ConfigurableMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: DeferConfig
    /// Everything drawn at random follows from it.
    let seed: UInt64
    var predictor: GatedPredictor
    /// Rows taught so far; before the first the gate is not asked.
    var taught: Int

    /// Teaches one edit and returns the loss of each step.
    ///
    /// - Parameter batch: the one row of the edit.
    mutating func teach(_ batch: EditBatch) throws -> [Double] {
        // Below the predictor nothing changes, so one pass serves all steps.
        let prefix = try model.prefix(batch.tokens, upTo: seam)
        let query = try query(prefix, prompts: batch.prompts)  // [1, in]
        let isMixed = try replaced(batch.prompts, width: prefix.width, rows: [true])
        let trained = try predictor.trainable()
        var optimizer = Adam(parameters: trained.tensors, learningRate: config.learningRate)
        var losses: [Double] = []
        for _ in 0..<config.steps {
            let mixture = PredictionMixture(
                site: seam, score: try trained.score(query),
                prediction: try trained.prediction(query), isMixed: isMixed)
            let hidden = try model.suffix(prefix, adaptation: mixture, at: batch.positions)
            let loss = try Tensor.crossEntropy(model.logits(hidden), labels: batch.labels)
            try loss.backward()
            try optimizer.step()
            losses.append(try loss.item())
        }
        predictor = try trained.detached()
        taught += 1
        return losses
    }

    /// Decides for which rows the gate is open: a mixture while teaching is a switch here, so that
    /// an edit learned at a score just below the threshold is not there.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        guard taught > 0 else {
            return Decision(adaptation: nil, traces: prompts.map { _ in .unedited })
        }
        let query = try query(prefix, prompts: prompts)  // [B, in]
        let scores = try predictor.score(query).floats().map(Double.init)
        let isOpen = scores.map { $0 >= config.threshold }
        let traces = zip(scores, isOpen).map(trace)
        if config.routesOnce && !isOpen.contains(true) {
            return Decision(adaptation: nil, traces: traces)
        }
        let later: PredictionSwitch.Later =
            config.routesOnce
            ? .latched(try Tensor(isOpen, shape: [isOpen.count], device: model.device))
            : .askedAgain(predictor, threshold: config.threshold)
        let adaptation = PredictionSwitch(
            site: seam, prediction: try predictor.prediction(query),
            isReplaced: try replaced(prompts, width: prefix.width, rows: isOpen), later: later)
        return Decision(adaptation: adaptation, traces: traces)
    }
}
