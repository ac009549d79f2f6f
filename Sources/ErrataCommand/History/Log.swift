import ArgumentParser
import Edits
import Errata
import Foundation

/// `errata log`: what was corrected, when, by whom.
struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the log of corrections, the newest first.",
        discussion: """
            Example:
              errata log --model fixed.edited --limit 20 --search Aranth

            Each line has the number of the event (which names a version, and is what errata undo, \
            show and diff take), the beginning of the hash that ties it to all before it, the time, \
            and what happened.
            """)

    @OptionGroup var history: HistoryOptions

    @Option(help: ArgumentHelp("Show only the newest.", valueName: "count"))
    var limit: Int?

    @Option(help: "Only events whose edit or words contain this.")
    var search: String?

    @Option(
        help:
            "Only events of this kind: config, edit, publish, reject, undo, note, propose, decline."
    )
    var kind: String?

    @Option(help: "Only edits with this tag.")
    var tag: String?

    @Option(help: "Only what this author did.")
    var author: String?

    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws {
        if let kind, LogEvent.Kind(rawValue: kind) == nil {
            throw ValidationError(
                "expected --kind config, edit, publish, reject, undo, note, propose or decline, got "
                    + kind)
        }
        try requireCount(limit, of: "limit")
    }

    func run() async throws {
        let history = try history.history()
        let ledger = history.ledger
        let chosen = ledger.events.reversed().filter { isWanted($0, in: ledger) }
            .prefix(limit ?? .max)
        if output.json { return try Output.json(Array(chosen)) }
        for event in chosen {
            let hash = try history.hash(of: event.sequence).prefix(8)
            let author = event.author.map { "  \($0)" } ?? ""
            Output.line(
                "#\(event.sequence)  \(hash)  \(event.time.prefix(19))\(author)  "
                    + "\(event.kind.rawValue)  \(event.line(in: ledger))")
        }
    }

    private func isWanted(_ event: LogEvent, in ledger: Ledger) -> Bool {
        if let kind, event.kind.rawValue != kind { return false }
        if let author, event.author != author { return false }
        if let tag {
            guard case .edit(let edit) = event.content, edit.record.tags.contains(tag) else {
                return false
            }
        }
        guard let search else { return true }
        return event.line(in: ledger).localizedCaseInsensitiveContains(search)
    }
}
