public import ArgumentParser
public import Edits
import Errata
import Evaluation
import Foundation

/// `errata gate`: what an edit must pass before it goes live.
struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Show or change what an edit must pass before it goes live.",
        discussion: """
            Example:
              errata gate --model fixed.edited
              errata gate --model fixed.edited --set rephrase=0.9 --set earlierEdits=64 \\
                  --conflicts reject

            Shares are of the probes of a kind; counts say how many there are. Changes stand in the \
            log and hold from then on.
            """)

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Changes one key: --set rewrite=1.", valueName: "key=value"))
    var replacements: [String] = []

    @Option(help: "What happens to contradictions: reject, supersede, keep-both.")
    var conflicts: ConflictPolicy?

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Who") var who: AuthorOptions
    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws { try RecipeOptions.requirePairs(replacements) }

    func run() async throws {
        var configuration = try history.history().ledger.configuration!
        if !replacements.isEmpty || conflicts != nil {
            let values = RecipeOptions.values(replacements)
            // What cannot be is found before the model is opened.
            _ = try configuration.gate.replacing(values)
            let model = try await EditableModel.opened(
                history, options: engine, waiting: lock.wait)
            try await model.configure(
                replacing: values, conflicts: conflicts, author: who.name, reason: who.reason)
            configuration = await model.ledger.configuration!
        }
        let terms = Terms(gate: configuration.gate, conflicts: configuration.conflicts)
        if output.json { return try Output.json(terms) }
        for (key, value) in try terms.lines() {
            Output.line(key.padding(toLength: 16, withPad: " ", startingAt: 0) + value)
        }
    }
}

/// What `errata gate` prints: the keys of the gate and, beside them, `conflicts`.
private struct Terms: Encodable {
    let gate: GateConfiguration
    let conflicts: ConflictPolicy

    private enum Keys: CodingKey { case conflicts }

    func encode(to encoder: any Encoder) throws {
        try gate.encode(to: encoder)
        var values = encoder.container(keyedBy: Keys.self)
        try values.encode(conflicts, forKey: .conflicts)
    }

    /// Each key with its value, in alphabetical order.
    func lines() throws -> [(key: String, value: String)] {
        guard case .object(let values) = try JSONValue(json: JSONEncoder().encode(self)) else {
            preconditionFailure("a gate is an object")
        }
        return values.mapValues(\.plain).sorted { $0.key < $1.key }
    }
}

extension ConflictPolicy: ExpressibleByArgument {}

/// `errata note`: words for whoever reads the log.
struct Note: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a note into the log.",
        discussion: """
            Example:
              errata note --model fixed.edited "Reviewed all edits of October."
            """)

    @Argument(help: "The words.")
    var text: String

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Who") var who: AuthorOptions
    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws { try requireText(text) }

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine, waiting: lock.wait)
        try await model.note(text, author: who.name, reason: who.reason)
    }
}
