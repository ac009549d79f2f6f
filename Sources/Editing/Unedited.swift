package import Edits
package import LanguageModels
package import Tokenizers

/// The base model as a method that learns nothing: the row every table starts with.
package struct Unedited: ConfigurableMethod {
    /// There is nothing to choose.
    package struct Config: Recipe {
        package func validate(for model: ModelConfiguration) throws {}
    }

    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package var config: Config { Config() }

    package init(model: CausalModel, tokenizer: any Tokenizer) {
        self.model = model
        self.tokenizer = tokenizer
    }

    package init(
        model: CausalModel, tokenizer: any Tokenizer, config: Config, seed: UInt64
    ) throws {
        self.init(model: model, tokenizer: tokenizer)
    }

    package init(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        self.init(model: model, tokenizer: tokenizer)
    }

    package var seam: Site { Site(block: 0, part: .expansion) }
    package var taps: [Site] { [] }
    package var trainableParameters: Int { 0 }
    package var storedBytes: StoredBytes { StoredBytes(constant: 0, growing: 0) }

    package mutating func prepare() throws {}

    package mutating func learn(
        _ edits: [EditRecord], onProgress: (LearningProgress) throws -> Void
    ) throws {}

    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        Decision(adaptation: nil, traces: prompts.map { _ in RouteTrace.unedited })
    }

    package func state() throws -> MethodState { MethodState(tensors: [:], document: "{}") }
}

extension MethodEntry {
    static let unedited = MethodEntry(
        Unedited.self, name: "unedited", title: "Unedited", paper: "none",
        summary: "The base model alone; it learns nothing.",
        presets: ["default": { _ in Unedited.Config() }])
}
