import ArgumentParser
import Edits
import Errata
import Foundation

/// `errata undo`: takes corrections back.
struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Take back edits, whole publications, or earlier undos, in any order.",
        discussion: """
            Example:
              errata undo --model fixed.edited the-ceo-of-aranth-works-is --reason "wrong source"
              errata undo --model fixed.edited 17        an undo's number brings back what it took

            From then on the edits do not fire. The adapters then learn again what came after \
            them, without them, and are to the bit what they would be had the edits never been \
            made; --later leaves that to errata settle.
            """)

    @Argument(help: "Numbers of events (edits, publications, undos) or identifiers of edits.")
    var ids: [String] = []

    @Flag(help: "Take back every edit whose validity has passed.")
    var expired = false

    @Flag(help: "Leave it to errata settle to learn again what came after.")
    var later = false

    @OptionGroup var history: HistoryOptions
    @OptionGroup(title: "Who") var who: AuthorOptions
    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    /// An `UndoReport` without an event: there was nothing to take back.
    private struct Nothing: Encodable {
        let targets: [Int] = []
    }

    func validate() throws {
        guard ids.isEmpty == expired else {
            throw ValidationError(
                "expected edits to undo or --expired, got \(expired ? "both" : "neither")")
        }
    }

    func run() async throws {
        let interrupt = Interrupt("nothing was undone.", endsAtOnce: true)
        let model = try await EditableModel.opened(history, options: engine, waiting: lock.wait)
        let names =
            expired ? await model.ledger.expired(at: .now).map { "#\($0.sequence)" } : ids
        guard !names.isEmpty else {
            return output.json ? try Output.json(Nothing()) : Output.line("Nothing has expired.")
        }
        try await model.lockToWrite()
        let consequence =
            "the edits are undone and do not fire; errata settle lets the adapters forget them."
        var report = try await interrupt.uninterrupted(then: consequence) {
            try await model.undo(names, author: who.name, reason: who.reason, settling: false)
        }
        if !later { report.learned = try await model.settled(interrupt) }
        if output.json { return try Output.json(report) }
        Output.line(
            "Undone: \(report.targets.map { "#\($0)" }.joined(separator: ", ")). To bring back what "
                + "this took: errata undo \(report.event).")
        if let learned = report.learned {
            Output.line("\(learned.counted("later transaction")) learned again without.")
        }
    }
}

/// `errata settle`: lets the adapters know just the edits that hold.
struct Settle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the adapters forget what was undone or superseded.",
        discussion: """
            Example:
              errata settle --model fixed.edited

            Edits that are pending are learned and probed too. What was stopped goes on where it was.
            """)

    @OptionGroup var history: HistoryOptions
    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    private struct Report: Encodable {
        /// Transactions that were learned again.
        let learned: Int
    }

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine, waiting: lock.wait)
        let interrupt = Interrupt("what was learned so far is kept; errata settle goes on there.")
        let learned = try await model.settled(interrupt)
        for notice in await model.notices { Output.note(notice) }
        if output.json { return try Output.json(Report(learned: learned)) }
        Output.line(
            learned == 0
                ? "The adapters know just the edits that hold."
                : "\(learned.counted("transaction")) learned again.")
    }
}

extension EditableModel {
    /// Settles with a moving line.
    func settled(_ interrupt: Interrupt) async throws -> Int {
        let bar = ProgressBar("Learning again", unit: "transactions")
        defer { bar.finish() }
        return try await settle { progress in
            try interrupt.check()
            bar.update(progress.transactions, of: progress.totalTransactions)
        }
    }
}
