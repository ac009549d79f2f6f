import Editing
public import Edits
import LanguageModels
import Tokenizers

/// Which method keeps a model correct, and with which recipe.
public enum Editor: Sendable, Equatable {
    /// The base model alone; it learns nothing.
    case unedited
    /// ELDER with a preset, and single keys of its recipe replaced: `["steps": "30"]`.
    case elder(Preset, replacing: [String: String] = [:])
    /// ELDER with a recipe of one's own.
    case recipe(ELDERConfig)

    /// A recipe by name.
    public enum Preset: String, Codable, Sendable, CaseIterable {
        /// The published method, quirks included.
        case paper
        /// What a user should run.
        case `default`
    }

    /// Makes the method for `model`.
    func method(
        model: CausalModel, tokenizer: any Tokenizer, seed: UInt64
    ) throws -> any EditingMethod {
        switch self {
        case .unedited: return Unedited(model: model, tokenizer: tokenizer)
        case .elder(let preset, let values):
            let config = try Self.config(preset, for: model.configuration).replacing(values)
            return try ELDER(model: model, tokenizer: tokenizer, config: config, seed: seed)
        case .recipe(let config):
            return try ELDER(model: model, tokenizer: tokenizer, config: config, seed: seed)
        }
    }

    private static func config(
        _ preset: Preset, for model: ModelConfiguration
    ) throws -> ELDERConfig {
        let part: ELDERConfig.Part = model.family == .gpt2 ? .expansion : .contraction
        return switch preset {
        case .paper: try .paper(blocks: model.blocks, part: part)
        case .default: try .default(blocks: model.blocks, part: part)
        }
    }
}

/// The methods by the names under which they are saved.
enum SavedMethod: String, Codable {
    case unedited, elder

    init(_ method: any EditingMethod) {
        self = method is ELDER ? .elder : .unedited
    }

    func restore(
        _ state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws -> any EditingMethod {
        switch self {
        case .unedited: Unedited(model: model, tokenizer: tokenizer)
        case .elder: try ELDER(restoring: state, model: model, tokenizer: tokenizer)
        }
    }
}
