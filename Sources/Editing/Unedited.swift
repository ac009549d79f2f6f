package import Edits
package import LanguageModels
package import Tokenizers

/// The base model as a method that learns nothing: the row every table starts with.
package struct Unedited: EditingMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer

    package init(model: CausalModel, tokenizer: any Tokenizer) {
        self.model = model
        self.tokenizer = tokenizer
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
