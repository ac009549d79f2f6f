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

            Exit code 1 where anything is not what it was, with a sentence for each fault.
            """)

    @OptionGroup var history: HistoryOptions

    @Option(help: "How much is learned again: quick (nothing), newest (one transaction), full.")
    var depth = VerifyDepth.newest

    @Flag(help: "Make damaged snapshots again from the log.")
    var mend = false

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func run() async throws {
        let model = try await EditableModel.opened(history, options: engine)
        let report = try await model.verify(depth, mending: mend)
        let notices = await model.notices
        if output.json {
            try Output.json(report)
        } else {
            for fault in report.faults { Output.line("fault: \(fault)") }
            Output.line(
                "\(report.events.counted("event")) in one chain, "
                    + "\(report.snapshots.counted("snapshot")) read, "
                    + "\(report.replayed.counted("transaction")) learned again.")
            if report.mended > 0 { Output.line("\(report.mended.counted("snapshot")) mended.") }
        }
        let open = report.faults.count - report.mended
        guard open > 0 || (!mend && !notices.isEmpty) else { return }
        throw Failure(
            "expected log and snapshots as they were written, found "
                + "\(max(open, 1).counted("fault")); see above, and mend snapshots with --mend.")
    }
}

extension VerifyDepth: ExpressibleByArgument {}
