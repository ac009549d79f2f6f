import ArgumentParser
import Foundation

/// `errata`: every command stands in a file of its own.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "errata",
        abstract: "Keeps a deployed language model correct.",
        discussion: """
            A list of corrections goes in; the model answers with them from then on, to any wording \
            of the question; everything else it says stays exactly as it was.

            Exit codes: 0 all is well, 1 something failed (a full disk, the engine), 2 wrong \
            arguments or input, 3 some edits did not pass their probes or contradict others, 130 \
            stopped with Ctrl-C. Every error is one sentence on standard error. Progress is a moving \
            line on a terminal, and a line every five minutes elsewhere.
            """,
        version: "0.1.0",
        subcommands: [
            Demo.self, Edit.self, Ask.self, Generate.self, Bench.self, Retention.self,
            Reproduce.self, Methods.self, Trace.self, Conflicts.self, Pretrain.self, Export.self,
            Serve.self, TokenCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "The log",
                subcommands: [
                    Log.self, Show.self, UndoCommand.self, Settle.self, Diff.self, Verify.self,
                    Checkout.self, Backup.self, Compact.self, Status.self, GateCommand.self,
                    Note.self,
                ])
        ])
}

@main
enum Main {
    static func main() async {
        // A reader that leaves early (`errata generate … | head`) is noticed by the write that
        // fails, and ends the program quietly; see `Output`.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try RootCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Exit.end(after: error)
        }
    }
}
