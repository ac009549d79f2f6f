import ArgumentParser
import Errata
import Foundation

/// `errata checkout`: the model as it was.
struct Checkout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an edited model of an earlier version, in a directory of its own.",
        discussion: """
            Example:
              errata checkout --model fixed.edited 12 --output then.edited

            The log is cut after that event; the original stays as it is. To ask an earlier version \
            once, use errata ask --version.
            """)

    @Argument(help: "The version: the number of an event.")
    var version: Int

    @Option(help: ArgumentHelp("The new directory.", valueName: "dir"))
    var output: String

    @OptionGroup var history: HistoryOptions

    func run() async throws {
        try history.history().copy(to: URL(filePath: output), through: version)
        Output.line("Version \(version) is in \(output).")
    }
}

/// `errata backup`: a copy, while others read and write.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy an edited model while others read and write it.",
        discussion: """
            Example:
              errata backup --model fixed.edited --output /backups/fixed-2026-11-25.edited
            """)

    @Option(help: ArgumentHelp("The new directory.", valueName: "dir"))
    var output: String

    @OptionGroup var history: HistoryOptions

    func run() async throws {
        let history = try history.history()
        try history.copy(to: URL(filePath: output))
        Output.line("Copied to \(output).")
    }
}

/// `errata compact`: frees what nothing needs.
struct Compact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Free what nothing needs: snapshots of states that were given up, leftovers of crashes.",
        discussion: """
            Example:
              errata compact --model fixed.edited

            No event is ever removed. Others may read meanwhile.
            """)

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Who") var who: AuthorOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine, waiting: who.wait)
        let bytes = try await model.compact()
        Output.line("\((Double(bytes) / 1e6).fixed(1)) MB freed.")
    }
}
