import ArgumentParser
import Edits
import Errata
import Foundation

/// Which edited model a command is about.
struct HistoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The edited model (default: the working directory).", valueName: "dir"))
    var model = "."

    var directory: URL { URL(filePath: model, directoryHint: .isDirectory) }

    /// - Throws: `WrongInput` for what is no edited model.
    func requireSaved() throws {
        guard EditableModel.isSaved(in: directory) else {
            throw WrongInput(
                "expected an edited model in \(model), but it has no errata.json; give one with "
                    + "--model.")
        }
    }

    /// The log, without the model.
    func history() throws -> EditHistory { try EditHistory(of: directory) }
}

/// Who changes the log, and why.
struct AuthorOptions: ParsableArguments {
    @Option(help: "Who does it (default: the user of this machine).")
    var author: String?

    @Option(help: "Why.")
    var reason: String?

    /// Who does it.
    var name: String? { author ?? ProcessInfo.processInfo.environment["USER"] }
}

/// How long a command that writes waits for its turn.
struct WaitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long to wait for another process that edits.", valueName: "seconds"))
    var wait = 0.0

    func validate() throws {
        guard 0...longestSeconds ~= wait else {
            throw ValidationError("expected --wait from 0 to \(longestSeconds), got \(wait)")
        }
    }
}

extension EditableModel {
    /// Opens the edited model that a command is about.
    static func opened(
        _ history: HistoryOptions, options: EngineOptions, waiting seconds: Double = 0
    ) async throws -> EditableModel {
        try history.requireSaved()
        try options.requireNoSeed(for: history.model)
        return try await opened(history.model, options: options, waiting: seconds)
    }
}

extension Ledger {
    /// What holds of an edit, in words.
    func words(for standing: Standing) -> String {
        switch standing {
        case .live: "live"
        case .pending: "pending"
        case .rejected: "rejected"
        case .undone(let event): "undone by #\(event)"
        case .superseded(let event): "superseded by #\(event)"
        }
    }
}

extension LogEvent {
    /// What happened, in one line.
    func line(in ledger: Ledger) -> String {
        switch content {
        case .config(let configuration):
            return "\(configuration.method), conflicts \(configuration.conflicts.rawValue), gate "
                + (configuration.gate.isOn ? "on" : "off")
        case .edit(let edit):
            let standing = ledger.standing(of: sequence)
            let mark = standing == .live ? "" : " (\(ledger.words(for: standing)))"
            return "\(edit.record.id): “\(edit.record.prompt)” → “\(edit.record.target)”\(mark)"
        case .publish(let publication):
            let entries = ledger.transaction(publication.transaction)?.entries.count ?? 0
            return "\(entries.counted("edit")) of #\(publication.transaction)"
                + (publication.isForced ? ", forced" : "")
                + (publication.report == nil ? ", not probed" : "")
        case .reject(let rejection): return "#\(rejection.transaction): \(reason ?? "")"
        case .undo(let undo):
            let targets = undo.targets.prefix(5).map { "#\($0)" }.joined(separator: ", ")
            return targets + (undo.targets.count > 5 ? ", …" : "")
                + (ledger.undoing(sequence).map { " (undone by #\($0))" } ?? "")
        case .note(let text): return text
        case .propose(let proposal):
            let more = proposal.records.count - 1
            return "“\(proposal.records[0].prompt)” → “\(proposal.records[0].target)”"
                + (more > 0 ? " and \(more.counted("edit")) more" : "")
        case .decline(let decline): return "#\(decline.proposal)"
        }
    }
}
