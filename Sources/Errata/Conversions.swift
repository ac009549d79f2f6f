import Editing
import Edits
import LanguageModels
import Torch

extension GenerationOptions {
    init(_ options: AnswerOptions) {
        self.init(
            maximumTokens: options.maximumTokens, temperature: options.temperature,
            topK: options.topK, topP: options.topP, seed: options.seed)
    }
}

extension Answer {
    init(_ completion: Completion) {
        self.init(
            text: completion.text, reason: completion.reason.rawValue,
            tokens: completion.tokens.count, trace: completion.trace,
            cutTokens: completion.cutTokens == 0 ? nil : completion.cutTokens)
    }
}

extension ProbeScore {
    /// - Parameter endMarks: how many tokens at the end are the model's own.
    init(_ score: TargetScore, endMarks: Int) {
        self.init(
            isRight: score.isRight.dropLast(endMarks),
            logLikelihood: score.logLikelihoods.dropLast(endMarks).reduce(0, +),
            trace: score.trace)
    }
}

extension ModelSummary {
    init(_ model: CausalModel, method: any EditingMethod, named name: String) throws {
        let bytes = method.storedBytes
        let recipe = try (method as? any ConfigurableMethod).map {
            String(decoding: try $0.config.json(), as: UTF8.self)
        }
        self.init(
            family: model.configuration.family.rawValue, blocks: model.configuration.blocks,
            width: model.configuration.width, parameters: model.parameterCount,
            bytes: model.byteCount, dtype: "\(model.dtype)", device: "\(model.device)",
            method: name,
            trainableParameters: method.trainableParameters, constantBytes: bytes.constant,
            growingBytes: bytes.growing, recipe: recipe,
            contextLength: model.configuration.contextLength)
    }
}
