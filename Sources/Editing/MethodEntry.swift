import Edits
package import Foundation
package import LanguageModels
package import Tokenizers

/// A method that a recipe of its own kind makes.
package protocol ConfigurableMethod: EditingMethod, SendableMetatype {
    associatedtype Config: Recipe

    var config: Config { get }

    /// A method that has learned nothing yet.
    init(
        model: CausalModel, tokenizer: any Tokenizer, config: Config, seed: UInt64
    ) throws

    /// Goes on where `state` was taken.
    init(restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer) throws
}

/// A method as it is chosen by name, with where it comes from and its presets.
package struct MethodEntry: Sendable {
    package typealias Preset = @Sendable (ModelConfiguration) throws -> any Recipe

    /// What it is called in commands and files: `grace`.
    package let name: String
    /// What it is called in tables: `GRACE`.
    package let title: String
    /// Where it was published.
    package let paper: String
    /// What it does, in one sentence.
    package let summary: String
    /// Recipes by name, the one to run first.
    package let presets: [(name: String, recipe: Preset)]

    private let make:
        @Sendable (CausalModel, any Tokenizer, any Recipe, UInt64) throws -> any EditingMethod
    private let read: @Sendable (Data) throws -> any Recipe
    private let restore:
        @Sendable (MethodState, CausalModel, any Tokenizer) throws -> any EditingMethod

    package init<Method: ConfigurableMethod>(
        _ type: Method.Type, name: String, title: String, paper: String, summary: String,
        presets: KeyValuePairs<String, @Sendable (ModelConfiguration) throws -> Method.Config>
    ) {
        self.name = name
        self.title = title
        self.paper = paper
        self.summary = summary
        self.presets = presets.map { name, recipe in (name, { try recipe($0) }) }
        make = { model, tokenizer, recipe, seed in
            guard let recipe = recipe as? Method.Config else {
                preconditionFailure("a recipe of \(name) was expected, got \(recipe)")
            }
            try recipe.validate(for: model.configuration)
            return try Method(model: model, tokenizer: tokenizer, config: recipe, seed: seed)
        }
        read = { try JSONDecoder().decode(Method.Config.self, from: $0) }
        restore = { try Method(restoring: $0, model: $1, tokenizer: $2) }
    }

    /// The recipe of a preset for a model of this shape.
    ///
    /// - Parameter preset: nil for the one to run.
    /// - Throws: `EditError` for a preset that does not exist, or a model it does not fit.
    package func recipe(
        _ preset: String?, for model: ModelConfiguration
    ) throws -> any Recipe {
        guard let preset else { return try presets[0].recipe(model) }
        guard let found = presets.first(where: { $0.name == preset }) else {
            throw EditError(unknown(preset, among: presets.map(\.name), what: "preset of \(name)"))
        }
        return try found.recipe(model)
    }

    /// The recipe that `Recipe.json()` wrote, to the last key.
    ///
    /// - Throws: `EditError` for text that is no recipe of this method.
    package func recipe(json: Data) throws -> any Recipe {
        do {
            return try read(json)
        } catch {
            throw EditError("The recipe of \(name) cannot be read: \(sentence(for: error)).")
        }
    }

    /// A method that has learned nothing yet.
    package func method(
        model: CausalModel, tokenizer: any Tokenizer, recipe: any Recipe, seed: UInt64
    ) throws -> any EditingMethod {
        try make(model, tokenizer, recipe, seed)
    }

    /// The method that `state` was taken of.
    package func method(
        restoring state: MethodState, model: CausalModel, tokenizer: any Tokenizer
    ) throws -> any EditingMethod {
        try restore(state, model, tokenizer)
    }
}

extension MethodEntry {
    /// Every method there is, in the order of a table. A new one is a folder and a word here.
    package static let all: [MethodEntry] = [
        .unedited, .lifelong, .elder, .lemoe, .moe, .lora, .grace, .melo, .deferral, .rome,
        .rebuiltROME,
        .constrainedFineTuning, .maskedFineTuning, .retrieval,
    ]

    /// The method called `name`.
    ///
    /// - Throws: `EditError` for a name that none has.
    package static func named(_ name: String) throws -> MethodEntry {
        guard let entry = all.first(where: { $0.name == name }) else {
            throw EditError(unknown(name, among: all.map(\.name), what: "method"))
        }
        return entry
    }
}
