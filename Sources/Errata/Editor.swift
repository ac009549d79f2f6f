import Editing
import Edits
public import Foundation
import LanguageModels

/// Which method keeps a model correct, and with which recipe.
///
///     Editor.elder(.default, replacing: ["steps": "30"])
///     try Editor("grace", preset: "paper")
public struct Editor: Sendable, Equatable {
    /// Where the recipe comes from.
    private enum Source: Sendable, Equatable {
        case preset(String?)
        case json(Data)
    }

    /// The name under which `MethodInfo` lists it; `unedited` for the base model alone.
    public let method: String
    private let source: Source
    private let values: [String: String]

    /// A method by name, with a preset of its and single keys of the recipe replaced.
    ///
    /// - Parameter preset: nil for the one to run.
    public init(_ method: String, preset: String? = nil, replacing values: [String: String] = [:]) {
        self.init(method, source: .preset(preset), values: values)
    }

    private init(_ method: String, source: Source, values: [String: String] = [:]) {
        self.method = method
        self.source = source
        self.values = values
    }

    /// A method with a recipe as JSON, whose missing keys have the values of the preset to run; for
    /// ELDER the paper's.
    public static func recipe(
        _ method: String, json: Data, replacing values: [String: String] = [:]
    ) -> Editor {
        Editor(method, source: .json(json), values: values)
    }

    /// What edits where nothing else is asked for: a frozen expert for every fact, found by its
    /// subject's name and the unedited model's answer (`Documentation/LifelongAtScale.md`).
    public static let standard = Editor("lifelong")

    /// The base model alone; it learns nothing.
    public static let unedited = Editor("unedited")

    /// ELDER with a preset, and single keys of its recipe replaced.
    public static func elder(
        _ preset: Preset, replacing values: [String: String] = [:]
    ) -> Editor {
        Editor("elder", preset: preset.rawValue, replacing: values)
    }

    /// The presets that nearly every method has.
    public enum Preset: String, Codable, Sendable, CaseIterable {
        /// The published method, quirks included.
        case paper
        /// What a user should run.
        case `default`
    }
}

extension Editor {
    /// The method's recipe for `model`.
    func recipe(for model: ModelConfiguration) throws -> any Recipe {
        let entry = try MethodEntry.named(method)
        return switch source {
        case .preset(let name):
            try entry.recipe(name, for: model).replacing(values)
        case .json(let data):
            try entry.recipe(nil, for: model).replacing(json: data).replacing(values)
        }
    }
}
