import ArgumentParser
import Edits
import Errata

/// What the log keeps beside an edit, and what the edit must pass.
struct EditLogOptions: ParsableArguments {
    @OptionGroup var who: AuthorOptions
    @OptionGroup var lock: WaitOptions

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
        try requireCount(batch, of: "batch")
        if batch != nil, idempotencyKey != nil {
            throw ValidationError(
                "expected --request beside one transaction, got --batch too; leave one out")
        }
    }

    /// `records` with source and dates where they have none, and with the tags besides their own.
    ///
    /// - Throws: `EditError` for a date that is none.
    func filled(_ records: [EditRecord]) throws -> [EditRecord] {
        // Dates are looked at where a record is made.
        _ = try EditRecord(
            id: "", prompt: "-", target: "-", validFrom: validFrom, validUntil: validUntil)
        return records.map { record in
            var filled = record
            filled.source = record.source ?? source
            filled.tags = record.tags + tags.filter { !record.tags.contains($0) }
            filled.validFrom = record.validFrom ?? validFrom
            filled.validUntil = record.validUntil ?? validUntil
            return filled
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
