import ArgumentParser
import Edits
import Errata
import Foundation

/// `errata show`: the story of one correction.
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one event of the log: an edit, its probes, what became of it.",
        discussion: """
            Example:
              errata show --model fixed.edited 12
              errata show --model fixed.edited the-ceo-of-aranth-works-is
            """)

    @Argument(help: "The number of an event, or the identifier of an edit.")
    var id: String

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func run() async throws {
        let history = try history.history()
        let event = try history.ledger.event(named: id)
        let story = try Story(event, in: history)
        if output.json { try Output.json(story) } else { story.print(history.ledger) }
    }
}

/// An event with everything the log has about it.
struct Story: Encodable {
    let event: LogEvent
    let hash: String
    /// Of an edit: what holds of it.
    let standing: String?
    /// Of an edit: the event that published or rejected it, with its probes.
    let outcome: LogEvent?

    init(_ event: LogEvent, in history: EditHistory) throws {
        self.event = event
        hash = try history.hash(of: event.sequence)
        guard case .edit(let edit) = event.content else {
            (standing, outcome) = (nil, nil)
            return
        }
        let ledger = history.ledger
        standing = ledger.words(for: ledger.standing(of: event.sequence))
        outcome = ledger.events.first {
            switch $0.content {
            case .publish(let publication): publication.transaction == edit.transaction
            case .reject(let rejection): rejection.transaction == edit.transaction
            case .config, .edit, .undo, .note, .propose, .decline: false
            }
        }
    }

    func print(_ ledger: Ledger) {
        Output.line("#\(event.sequence)  \(event.kind.rawValue)  \(event.time)")
        Output.line("  hash        \(hash)")
        line("author", event.author)
        line("reason", event.reason)
        if case .edit(let edit) = event.content {
            printEdit(edit)
        } else {
            line("what", event.line(in: ledger))
        }
        line("standing", standing)
        if let outcome { line(outcome.kind.rawValue, "#\(outcome.sequence)") }
        for check in (outcome ?? event).report?.checks ?? [] {
            Output.line("  probe       \(check.words)")
        }
    }

    private func printEdit(_ edit: LoggedEdit) {
        let record = edit.record
        line("id", record.id)
        line("prompt", record.prompt)
        line("target", record.target)
        for rephrase in record.rephrases { line("rephrase", rephrase) }
        line("as a chat", record.chatPrompt)
        line("subject", record.subject)
        line("relation", record.relation)
        line("former", record.formerAnswer)
        line("source", record.source)
        line("said by", record.author)
        line("because", record.reason)
        line("tags", record.tags.isEmpty ? nil : record.tags.joined(separator: ", "))
        line("valid from", record.validFrom)
        line("valid until", record.validUntil)
        line("request", edit.idempotencyKey)
        line(
            "supersedes",
            edit.supersedes.isEmpty ? nil : edit.supersedes.map { "#\($0)" }.joined(separator: ", ")
        )
    }

    private func line(_ name: String, _ value: String?) {
        guard let value else { return }
        Output.line("  " + name.padding(toLength: 12, withPad: " ", startingAt: 0) + value)
    }
}

extension LogEvent {
    /// What the probes found; nil for an event without.
    var report: GateReport? {
        switch content {
        case .publish(let publication): publication.report
        case .reject(let rejection): rejection.report
        case .config, .edit, .undo, .note, .propose, .decline: nil
        }
    }
}

extension GateReport.Check {
    /// `rewrite 8 of 8, at least 95 %`, and the first that failed.
    var words: String {
        let share =
            "\(kind.rawValue) \(passed) of \(total), at least \((threshold * 100).fixed(0)) %"
        guard let failure = failures.first else { return share }
        return share
            + "; “\(failure.prompt)” should give “\(failure.expected)”, got “\(failure.got)”"
    }
}
