import ArgumentParser
import Errata
import Evaluation
import Foundation

/// `errata methods`: what can edit a model, where it was published, and with which numbers.
struct Methods: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the methods there are, with their papers, presets and hyper-parameters.",
        discussion: """
            Example:
              errata methods
              errata methods grace
              errata methods elder --json --shape llama2-7b

            Where a method edits depends on the model's depth: the hyper-parameters are shown for \
            the shape of a published model.
            """)

    @Argument(help: "The method to show in full; all in a few lines each when left out.")
    var name: String?

    @Option(help: "The model whose places are shown: gpt2-xl or llama2-7b.")
    var shape = MethodInfo.Shape.gpt2XL.rawValue

    @OptionGroup(title: "Results") var output: OutputOptions

    func run() throws {
        guard let shape = MethodInfo.Shape(rawValue: shape) else {
            throw WrongInput("expected --shape gpt2-xl or llama2-7b, got \(shape).")
        }
        let methods = try name.map { [try MethodInfo.named($0)] } ?? MethodInfo.all
        if output.json {
            let listed = try methods.map { try ListedMethod($0, shape: shape) }
            return name == nil ? try Output.json(listed) : try Output.json(listed[0])
        }
        if name == nil { return Output.text(methods.map(Self.entry).joined(separator: "\n")) }
        Output.text(try Self.page(ListedMethod(methods[0], shape: shape)))
    }

    /// The method in three lines.
    private static func entry(_ method: MethodInfo) -> String {
        let margin = String(repeating: " ", count: 11)
        let name = method.name + String(repeating: " ", count: max(1, 11 - method.name.count))
        return """
            \(name)\(method.title): \(method.summary)
            \(margin)presets: \(method.presets.joined(separator: ", "))
            \(margin)paper: \(method.paper)

            """
    }

    /// The method, and a column of values for each preset.
    private static func page(_ method: ListedMethod) -> String {
        var table = TextTable(
            "Hyper-parameters", columns: ["Key"] + method.presets.map(\.name))
        let keys = Set(method.presets.flatMap(\.values.keys)).sorted()
        table.rows = keys.map { key in
            [key] + method.presets.map { $0.values[key]?.plain ?? "–" }
        }
        let heading = "\(method.title): \(method.summary)\nPaper: \(method.paper)\n\n"
        return heading + (keys.isEmpty ? "" : table.plain)
    }
}

/// A method as it is printed.
struct ListedMethod: Encodable {
    struct Preset: Encodable {
        let name: String
        let recipe: JSONValue

        var values: [String: JSONValue] {
            if case .object(let values) = recipe { values } else { [:] }
        }
    }

    let name, title, paper, summary, shape: String
    let presets: [Preset]

    init(_ info: MethodInfo, shape: MethodInfo.Shape) throws {
        name = info.name
        title = info.title
        paper = info.paper
        summary = info.summary
        self.shape = shape.rawValue
        presets = try info.presets.map {
            Preset(name: $0, recipe: try JSONValue(json: info.recipe($0, for: shape)))
        }
    }
}

extension JSONValue {
    /// As a command line has it: text without quotes.
    var plain: String {
        if case .text(let text) = self { return text }
        if case .null = self { return "–" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "–"
    }
}
