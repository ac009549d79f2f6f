public import ArgumentParser
public import Errata
import Foundation

/// `errata export`: hands an edited model on, to Errata elsewhere or to other software.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an edited model as others read it, once it is proven to answer the same.",
        discussion: """
            Example:
              errata export --model fixed.edited --output fixed-elsewhere
              errata export --model fixed.edited --output fixed-adapters --format peft
              errata export --model rome.edited --output rome-merged --format merged

            errata   base, log and what was learned, in one directory; every method has it
            peft     a PEFT adapter for each route that edits take, with an index (ELDER, MELO, LoRA)
            merged   a checkpoint with the edits in its weights (ROME, fine-tuning, LoRA)

            What was written is read back and compared in logits before it appears under its name: by \
            Errata always, by PyPI's peft and transformers where they are installed \
            (Scripts/bootstrap --export). parity.md says what was found. Where the answers differ \
            nothing is left and the exit code is 1.
            """)

    @Option(help: ArgumentHelp("The edited model.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The new directory.", valueName: "dir"))
    var output: String

    @Option(help: "As what: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: ExportFormat = .errata

    @Option(
        name: .customLong("edit"),
        help: ArgumentHelp(
            "Only this edit, by identifier or event; may be given again (peft).", valueName: "id"))
    var edits: [String] = []

    @Option(
        help: ArgumentHelp(
            "What merged weights are stored in: f32, bf16, f16 (default: as the base's are).",
            valueName: "type"))
    var store: String?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Have peft and transformers read it too (default: where they are installed; --check \
            insists).
            """)
    var check: Bool?

    @Option(
        help: ArgumentHelp(
            "The Python that has them (default: .libtorch/python beside the program).",
            valueName: "file"))
    var python: String?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func validate() throws {
        guard python == nil || check != false else {
            throw ValidationError("expected --python or --no-check, got both; leave one out")
        }
    }

    func run() async throws {
        let interrupt = Interrupt("nothing was written to \(output).")
        try requirePlace()
        try engine.requireNoSeed(for: model)
        let other = try OtherReader(python: python, isWanted: check)
        if other == nil, check == nil {
            Output.note(
                "peft and transformers are not installed, so Errata alone reads the export back; "
                    + "Scripts/bootstrap --export installs them.")
        }
        let model = try await EditableModel.opened(model, options: engine)
        var options = ExportOptions()
        options.edits = edits
        options.storedDtype = store
        let bar = ProgressBar("Comparing", unit: "prompts")
        defer { bar.finish() }
        let report = try await model.export(
            to: URL(filePath: output, directoryHint: .isDirectory), as: format, options: options,
            check: other?.check
        ) { done, total in
            try interrupt.check()
            bar.update(done, of: total)
        }
        bar.finish()
        if results.json { try Output.json(report) } else { print(report) }
    }

    private func requirePlace() throws {
        guard EditableModel.isSaved(in: URL(filePath: model)) else {
            throw WrongInput(
                "expected an edited model in \(model), but it has no errata.json; give one with "
                    + "--model.")
        }
        let directory = URL(filePath: output, directoryHint: .isDirectory)
        try SavePlace.requireFree(directory, path: output)
        try SavePlace.requireWritable(directory, path: output)
    }

    private func print(_ report: ExportReport) {
        let what =
            report.adapters.map { "\($0.counted("adapter")) for \(report.edits.counted("edit"))" }
            ?? report.edits.counted("edit")
        Output.line(
            "\(what) in \(output) as \(report.format.rawValue), "
                + "\((Double(report.bytes) / 1e6).fixed(1)) MB.")
        for reading in report.parity.readings {
            let tallies = [reading.edits, reading.unrelated]
            let prompts = tallies.reduce(0) { $0 + $1.prompts }
            let same = tallies.reduce(0) { $0 + $1.sameTexts }
            let most = tallies.map(\.difference).max() ?? 0
            Output.line(
                "  read by \(reading.reader): \(same) of \(prompts) answers the same, scores within "
                    + "\(most == 0 ? "0" : String(format: "%.1e", most)).")
        }
        if !report.deferred.isEmpty {
            Output.line(
                "  no adapter for \(report.deferred.joined(separator: ", ")): the model leaves these "
                    + "prompts to the unedited model.")
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}
