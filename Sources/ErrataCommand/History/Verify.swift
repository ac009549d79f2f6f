public import ArgumentParser
public import Errata

/// `errata verify`: whether log, snapshots and base model are what they were.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Check the log's chain, the snapshots' digests, and that learning again gives the same.",
        discussion: """
            Example:
              errata verify --model fixed.edited
              errata verify --model fixed.edited --depth full     learns everything again
              errata verify --model fixed.edited --mend           makes damaged snapshots again

            Exit code 1 where log or snapshots are not what they were, with a sentence for each \
            fault, and 2 where the base model is another one, so that nothing can be learned again.
            """)

    @OptionGroup var history: HistoryOptions

    @Option(help: "How much is learned again: quick (nothing), newest (one transaction), full.")
    var depth = VerifyDepth.newest

    @Flag(help: "Make damaged snapshots again from the log.")
    var mend = false

    @OptionGroup var lock: WaitOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws {
        guard mend || lock.wait == 0 else {
            throw ValidationError("expected --mend beside --wait, got none")
        }
    }

    func run() async throws {
        try history.requireSaved()
        let model: EditableModel
        do {
            model = try await EditableModel.opened(history, options: engine, waiting: lock.wait)
        } catch {
            // The log may be what is wrong, and can be looked at alone.
            let alone = try VerifyReport(ofLogIn: history.directory)
            guard !alone.faults.isEmpty else { throw error }
            return try conclude(alone)
        }
        let bar = ProgressBar("Learning again", unit: "transactions")
        let report = try await model.verify(depth, mending: mend) {
            bar.update($0.transactions, of: $0.totalTransactions)
        }
        bar.finish()
        try conclude(report, hasNotices: !(await model.notices.isEmpty))
    }

    /// - Throws: `Failure` where there are faults left.
    private func conclude(_ report: VerifyReport, hasNotices: Bool = false) throws {
        if output.json {
            try Output.json(report)
        } else {
            for fault in report.faults { Output.line("fault: \(fault)") }
            if report.events > 0 {
                Output.line(
                    "\(report.events.counted("event")) in one chain, "
                        + "\(report.snapshots.counted("snapshot")) read, "
                        + "\(report.replayed.counted("transaction")) learned again.")
            }
            if report.mended > 0 { Output.line("\(report.mended.counted("snapshot")) mended.") }
        }
        let open = report.faults.count - report.mended
        guard open > 0 || (!mend && hasNotices) else { return }
        throw Failure(
            "expected log and snapshots as they were written, found "
                + "\(max(open, 1).counted("fault")); see above, and mend snapshots with --mend.")
    }
}

extension VerifyDepth: ExpressibleByArgument {}
