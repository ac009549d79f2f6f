import Editing
import Edits
import Foundation
import LanguageModels

/// One way of editing that is timed: a method, and its recipe.
struct EditCase: Equatable {
    let method: String
    /// Nil for the preset to run.
    let preset: String?
    /// Keys of the recipe that are set to something else, and what the table says of it.
    var values: [String: String] = [:]
    var remark = ""

    /// What the table calls it.
    var title: String {
        [entry?.title ?? method, preset ?? "", remark].filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    private var entry: MethodEntry? { try? .named(method) }

    /// Whether this is what the method's twin does, so that steps and rows are the twin's too.
    var isPublished: Bool { self == EditCase.published(method) }

    /// Every method with its paper's preset or, without one, the preset to run; and ELDER's own.
    static var all: [EditCase] {
        MethodEntry.all.filter { $0.name != MethodEntry.all[0].name }.flatMap { entry in
            [published(entry.name)] + (entry.name == "elder" ? elderDefaults : [])
        }
    }

    private static func published(_ method: String) -> EditCase {
        let presets = (try? MethodEntry.named(method))?.presets.map(\.name) ?? []
        return EditCase(method: method, preset: presets.contains("paper") ? "paper" : nil)
    }

    private static let elderDefaults = [
        EditCase(
            method: "elder", preset: "default", values: ["replayRows": "0"],
            remark: "without rehearsal"),
        EditCase(method: "elder", preset: "default"),
    ]

    /// The recipe for a model of this shape.
    ///
    /// - Parameter rows: replaces the rows a batch where the recipe has batches.
    func recipe(for model: ModelConfiguration, rows: Int?) throws -> any Recipe {
        var values = values
        let recipe = try MethodEntry.named(method).recipe(preset, for: model)
        let keys = try recipe.numbers().keys
        // What random weights write teaches a gate nothing, so a few texts will do.
        if keys.contains("samples") { values["samples"] = "16" }
        if recipe is ELDERConfig { values["matchGate"] = #"{"samples": 16}"# }
        if let rows, keys.contains("batchSize") { values["batchSize"] = "\(rows)" }
        return try recipe.replacing(values)
    }
}

extension Recipe {
    /// The keys that are numbers.
    func numbers() throws -> [String: Double] {
        let object = try JSONSerialization.jsonObject(with: json()) as? [String: Any] ?? [:]
        return object.compactMapValues { $0 as? Double }
    }
}
