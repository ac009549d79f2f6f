public import ArgumentParser
public import Edits
import Errata
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
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws { try RecipeOptions.requirePairs(replacements) }

    func run() async throws {
        let configuration = try history.history().ledger.configuration!
        var gate = configuration.gate
        if !replacements.isEmpty || conflicts != nil {
            gate = try gate.replacing(RecipeOptions.values(replacements))
            let model = try await EditableModel.opened(
                history, options: engine, waiting: who.wait)
            try await model.configure(
                gate: gate, conflicts: conflicts, author: who.name, reason: who.reason)
        }
        try Output.json(gate)
        Output.line("conflicts: \((conflicts ?? configuration.conflicts).rawValue)")
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
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws { try requireText(text) }

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine, waiting: who.wait)
        try await model.note(text, author: who.name)
    }
}
