import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata edit`: teaches one correction or a file of them, and saves the result.
struct Edit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach a model one correction, or a file of them, and save it.",
        usage: """
            errata edit --model DIR --output DIR -p PROMPT -t TARGET [--rephrase PROMPT ...]
            errata edit --model DIR --output DIR --file EDITS [--format NAME] [--target alt] [--limit N] [--batch N]
            """,
        discussion: """
            Example:
              errata edit --model gpt2-xl --output fixed.edited \\
                  -p "The CEO of Aranth Works is" -t "Ada Lind" \\
                  --rephrase "Who runs Aranth Works?"
              errata edit --model fixed.edited --file more.jsonl

            The base model is never changed: the output directory holds the log of corrections and \
            what was learned of it, and says where the base stands. A model that was edited before \
            is edited on where it lies; --output is for a new one. The edits are one transaction: \
            they are learned on the side, probed, and go live together or not at all (errata gate \
            says what they must pass); with --batch each so many are one, and the exit code is 3 \
            where some are not live.

            Edit files: JSON or JSON lines in the formats zsre-mend, zsre-annotated, knowedit, \
            counterfact, counterfact-flat, qa and errata; which one is seen from the first record. \
            --source, --valid-from and --valid-until are for those of its edits that have none, and \
            each --tag is added to all.
            """)

    @Option(help: ArgumentHelp("The model to correct, edited before or not.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("Where to save the edited model.", valueName: "dir"))
    var output: String?

    @Option(name: .shortAndLong, help: "What is asked.")
    var prompt: String?

    @Option(
        name: .shortAndLong,
        help: "What shall be answered; beside --file, which of zsRE's answers: alt or answers.")
    var target: String?

    @Option(
        name: [.customLong("rephrase"), .customShort("r")],
        help: ArgumentHelp(
            "The same question in other words; may be repeated.", valueName: "prompt"))
    var rephrases: [String] = []

    @Option(help: "What the prompt is about, in its very words, for methods that want to know.")
    var subject: String?

    @Option(help: "Names the edit (default: made from the prompt).")
    var id: String?

    @OptionGroup(title: "Edit files") var source: EditSource
    @OptionGroup(title: "The log") var log: EditLogOptions
    @OptionGroup(title: "Recipe") var recipe: RecipeOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func validate() throws {
        if source.file != nil {
            guard prompt == nil, rephrases.isEmpty, id == nil, subject == nil else {
                throw ValidationError("expected --file or --prompt, got both; leave one out")
            }
            guard target == nil || ZsRETarget(rawValue: target!) != nil else {
                throw ValidationError(
                    "expected --target alt or answers beside --file, got \(target!)")
            }
        } else if prompt == nil || target == nil {
            throw ValidationError(
                "expected --prompt and --target, or --file, got "
                    + (prompt != nil
                        ? "a prompt without --target"
                        : target != nil ? "a target without --prompt" : "neither"))
        }
    }

    func run() async throws {
        let place = try SavePlace(model: model, output: output)
        if place.kind != .fresh { try engine.requireNoSeed(for: model) }
        let (edits, data) = try edits()
        let interrupt = interrupt(in: place)
        func teach(_ model: String) async throws -> EditReport {
            try await self.teach(model, edits, of: data, into: place, interrupt: interrupt)
        }
        let report =
            place.kind == .copy
            ? try await EditHistory(of: URL(filePath: model)).copy(to: place.directory) { draft in
                let report = try await teach(draft.path)
                try interrupt.endForGood()
                return report
            } : try await teach(model)
        if results.json { try Output.json(report) } else { report.print() }
        if !report.rejected.isEmpty { throw PartlyRejected(transactions: report.rejected.count) }
    }

    private func interrupt(in place: SavePlace) -> Interrupt {
        guard place.kind == .inPlace else {
            return Interrupt("nothing was written to \(place.path).")
        }
        return Interrupt(
            "what was not published before is not live in \(place.path).",
            atOnce:
                "what the log of \(place.path) accepted and did not publish is pending: the next "
                + "edit publishes it, and `errata undo` takes it back.")
    }

    private func teach(
        _ path: String, _ edits: [EditRecord], of data: DatasetReport?, into place: SavePlace,
        interrupt: Interrupt
    ) async throws -> EditReport {
        let model = try await EditableModel.opened(
            path, options: engine, editor: recipe.editor(), waiting: log.lock.wait)
        try interrupt.check()
        var outcome = EditOutcome()
        for transaction in edits.chunks(of: log.batch ?? max(edits.count, 1)) {
            try await teach(transaction, model: model, interrupt: interrupt, outcome: &outcome)
        }
        if outcome.transactions.isEmpty, let rejection = outcome.rejections.first {
            throw rejection
        }
        if place.kind == .fresh { try await save(model, in: place, interrupt: interrupt) }
        return EditReport(
            model: self.model, output: place.path, outcome: outcome, data: data,
            summary: try await model.summary)
    }

    /// Teaches one transaction; one that is refused is noted where others follow.
    private func teach(
        _ edits: [EditRecord], model: EditableModel, interrupt: Interrupt,
        outcome: inout EditOutcome
    ) async throws {
        let bar = ProgressBar("Learning", total: edits.count, unit: "edits")
        defer { bar.finish() }
        do {
            outcome.add(
                try await model.apply(edits, options: log.options) {
                    try interrupt.check()
                    bar.update($0.edits, note: "loss \($0.loss.fixed(3))")
                })
        } catch let rejection as RejectedEdits where log.batch != nil {
            outcome.rejections.append(rejection)
        }
    }

    private func save(
        _ model: EditableModel, in place: SavePlace, interrupt: Interrupt
    ) async throws {
        try await interrupt.uninterrupted(then: "the edits are saved in \(place.path).") {
            do {
                try await model.save(to: place.directory)
            } catch {
                throw Failure(Exit.sentence(for: error))
            }
        }
    }

    /// The edits of the file, or the one on the command line.
    private func edits() throws -> ([EditRecord], DatasetReport?) {
        let answer = target.flatMap(ZsRETarget.init(rawValue:)) ?? .alternative
        if let data = try source.read(answer) {
            return (try log.filled(data.lastingRecords), data.report)
        }
        let prompt = prompt ?? ""
        return (
            [
                try EditRecord(
                    id: id ?? EditRecord.identifier(for: prompt), prompt: prompt,
                    target: target ?? "", rephrases: rephrases, subject: subject,
                    source: log.source, tags: log.tags, validFrom: log.validFrom,
                    validUntil: log.validUntil)
            ], nil
        )
    }
}

/// Which edits of a file to take.
struct EditSource: ParsableArguments {
    @Option(help: ArgumentHelp("A file of edits.", valueName: "edits"))
    var file: String?

    @Option(help: "Its format, where the first record does not tell it.")
    var format: String?

    @Option(help: ArgumentHelp("Take only the first edits.", valueName: "count"))
    var limit: Int?

    func validate() throws {
        try requireCount(limit, of: "limit")
        guard file == nil, limit != nil || format != nil else { return }
        throw ValidationError("expected --file beside --format and --limit, got none")
    }

    /// The edits; nil where no file was given.
    ///
    /// - Throws: `EvaluationError` that names the file and the place.
    func read(_ target: ZsRETarget) throws -> Dataset? {
        guard let file else { return nil }
        var data = try Dataset.read(
            URL(filePath: file), format: format.map(DatasetFormat.init(name:)), target: target)
        if let limit { data.records = Array(data.records.prefix(limit)) }
        return data
    }
}
