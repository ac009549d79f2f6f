import ArgumentParser
import Edits
import Errata

/// `errata diff`: what holds in one version and not in another.
struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show which edits hold in one version and not in the other.",
        discussion: """
            Example:
              errata diff --model fixed.edited 12 40

            A version is the number of an event: what the log says right after it. The second may \
            be left out, for now.
            """)

    @Argument(help: "The earlier version.")
    var from: Int

    @Argument(help: "The later version (default: now).")
    var to: Int?

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    /// What changed.
    private struct Changes: Encodable {
        let added: [EditRecord]
        let removed: [EditRecord]
    }

    func run() async throws {
        let ledger = try history.history().ledger
        let (old, new) = (
            try ledger.at(version: from), try to.map { try ledger.at(version: $0) } ?? ledger
        )
        let (before, after) = (Set(old.live.joined()), Set(new.live.joined()))
        let removed = before.subtracting(after).sorted().map { ledger.entries[$0]! }
        let added = after.subtracting(before).sorted().map { ledger.entries[$0]! }
        if output.json {
            return try Output.json(
                Changes(added: added.map(\.record), removed: removed.map(\.record)))
        }
        for entry in removed { Output.line("- " + Self.line(entry)) }
        for entry in added { Output.line("+ " + Self.line(entry)) }
        if removed.isEmpty && added.isEmpty { Output.line("The same edits hold in both.") }
    }

    private static func line(_ entry: Ledger.Entry) -> String {
        "#\(entry.sequence) \(entry.record.id): “\(entry.record.prompt)” → “\(entry.record.target)”"
    }
}
