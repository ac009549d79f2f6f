import ArgumentParser
import Edits
import Errata

/// What the log keeps beside an edit, and what the edit must pass.
struct EditLogOptions: ParsableArguments {
    @OptionGroup var who: AuthorOptions

    @Option(help: "Where the correction comes from.")
    var source: String?

    @Option(
        name: .customLong("tag"), help: ArgumentHelp("A word to find it by.", valueName: "word"))
    var tags: [String] = []

    @Option(help: ArgumentHelp("When it begins to hold.", valueName: "date"))
    var validFrom: String?

    @Option(help: ArgumentHelp("When it ceases to hold.", valueName: "date"))
    var validUntil: String?

    @Option(
        name: .customLong("request"),
        help: ArgumentHelp("Names this request: sent twice it is done once.", valueName: "key"))
    var idempotencyKey: String?

    @Option(help: "What happens to contradictions: reject, supersede, keep-both.")
    var conflicts: ConflictPolicy?

    @Option(
        help: ArgumentHelp("Make a transaction of each so many edits.", valueName: "count"))
    var batch: Int?

    @Flag(help: "Publish although probes fail; the log keeps that.")
    var force = false

    @Flag(help: "Ask no probes.")
    var noGate = false

    func validate() throws {
        if let batch, batch < 1 {
            throw ValidationError("expected --batch of at least 1, got \(batch)")
        }
        if batch != nil, idempotencyKey != nil {
            throw ValidationError(
                "expected --request beside one transaction, got --batch too; leave one out")
        }
    }

    var options: ApplyOptions {
        var options = ApplyOptions()
        options.author = who.name
        options.reason = who.reason
        options.idempotencyKey = idempotencyKey
        options.conflicts = conflicts
        options.isForced = force
        if noGate { options.gate = .off }
        return options
    }
}
