import Editing
public import Foundation
import LanguageModels

/// What can edit a model: one of the methods there are.
public struct MethodInfo: Sendable, Equatable {
    /// What it is called in commands and files: `grace`.
    public let name: String
    /// What it is called in tables: `GRACE`.
    public let title: String
    /// Where it was published.
    public let paper: String
    /// What it does, in one sentence.
    public let summary: String
    /// The names of its recipes, the one to run first.
    public let presets: [String]

    /// Every method there is, the unedited model first.
    public static let all = MethodEntry.all.map(MethodInfo.init)

    /// The method called `name`.
    ///
    /// - Throws: one sentence for a name that none has.
    public static func named(_ name: String) throws -> MethodInfo {
        MethodInfo(try MethodEntry.named(name))
    }

    /// A model whose shape fixes where a recipe edits.
    public enum Shape: String, Sendable, CaseIterable {
        case gpt2XL = "gpt2-xl"
        case llama2 = "llama2-7b"

        fileprivate var configuration: ModelConfiguration {
            switch self {
            case .gpt2XL: .gpt2XL
            case .llama2: .llama2_7B
            }
        }
    }

    /// Every hyper-parameter of a preset for a model of this shape, as JSON; null for what it leaves
    /// out.
    public func recipe(_ preset: String?, for shape: Shape) throws -> Data {
        try MethodEntry.named(name).recipe(preset, for: shape.configuration).wholeJSON()
    }

    private init(_ entry: MethodEntry) {
        name = entry.name
        title = entry.title
        paper = entry.paper
        summary = entry.summary
        presets = entry.presets.map(\.name)
    }
}
