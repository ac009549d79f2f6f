import ArgumentParser
import Edits
import Errata
import Foundation

/// `errata checkout`: the model as it was.
struct Checkout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an edited model of an earlier version, in a directory of its own.",
        discussion: """
            Example:
              errata checkout --model fixed.edited 12 --output then.edited

            The log is cut after that event; the original stays as it is. Files of what was learned \
            are shared with it, which takes no room: errata backup copies them. To ask an earlier \
            version once, use errata ask --version.
            """)

    @Argument(help: "The version: the number of an event.")
    var version: Int

    @Option(help: ArgumentHelp("The new directory.", valueName: "dir"))
    var output: String

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func run() async throws {
        try history.history().copy(
            to: URL(filePath: output), through: version, sharingFiles: true)
        if results.json { return try Output.json(Copied(output: output, version: version)) }
        Output.line("Version \(version) is in \(output).")
    }
}

/// What `errata checkout` and `errata backup` print as JSON.
private struct Copied: Encodable {
    let output: String
    /// The latest event in it.
    let version: Int
}

/// `errata backup`: a copy, while others read and write.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy an edited model while others read and write it.",
        discussion: """
            Example:
              errata backup --model fixed.edited --output /backups/fixed-2026-11-25.edited

            It is a model by itself, which shares no file with the original but the base model.
            """)

    @Option(help: ArgumentHelp("The new directory.", valueName: "dir"))
    var output: String

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func run() async throws {
        let history = try history.history()
        let place = URL(filePath: output)
        try history.copy(to: place)
        // Others may have written since the log was read.
        let version = try EditHistory(of: place).ledger.version
        if results.json { return try Output.json(Copied(output: output, version: version)) }
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
    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    private struct Report: Encodable {
        let bytesFreed: Int
    }

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine, waiting: lock.wait)
        let bytes = try await model.compact()
        if output.json { return try Output.json(Report(bytesFreed: bytes)) }
        Output.line("\((Double(bytes) / 1e6).fixed(1)) MB freed.")
    }
}
