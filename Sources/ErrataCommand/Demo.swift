import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata demo`: the main job on the embedded model.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Correct the embedded model some hundred times and show what changed.",
        discussion: """
            Example:
              errata demo --edits 400
              errata demo --serve --port 8080

            The embedded model is a small GPT-2 that knows an invented world by heart. Corrections \
            contradict what it knows; new wordings of them were never taught; everything else \
            must stay as it is.

            With --serve the model is served instead, with a page to open in a browser: some \
            corrections are made, one is taken back, one waits for approval.
            """)

    @Option(help: "How many corrections, one after another (default: 400; to serve, 12).")
    var edits: Int?

    @Option(
        help: ArgumentHelp(
            "The embedded model's directory (default: found beside the program).", valueName: "dir")
    )
    var model: String?

    @Option(help: "Which method edits; errata methods lists them.")
    var method = Editor.standard.method

    @Option(help: "Which of the method's recipes.")
    var preset: String?

    @Flag(help: "Serve the corrected model on this machine, with a page and tokens.")
    var serve = false

    @Option(help: "The port to serve at (default: 8080); 0 takes any that is free.")
    var port: Int?

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp(
            "A new folder for what is served (default: one that goes with the server).",
            valueName: "dir"))
    var folder: String?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws {
        guard serve || port == nil && folder == nil else {
            throw ValidationError("expected --serve beside --port and --output, got none")
        }
        guard !serve || !output.json else {
            throw ValidationError("expected --json without --serve, which answers over HTTP")
        }
        guard 0...65535 ~= port ?? 0 else {
            throw ValidationError("expected --port from 0 to 65535, got \(port ?? 0)")
        }
        guard 3...700 ~= edits ?? 12 || !serve else {
            throw ValidationError("expected --edits from 3 to 700 to serve, got \(edits ?? 0)")
        }
        try requireCount(edits, of: "edits")
    }

    func run() async throws {
        // A name that there is not is found before anything is measured or served.
        _ = try MethodInfo.named(method).recipe(preset, for: .gpt2XL)
        let directory = try Self.directory(model)
        if serve {
            return try await DemoServer(
                base: directory,
                folder: folder.map { URL(filePath: $0, directoryHint: .isDirectory) },
                port: port ?? 8080, corrections: edits ?? 12, editor: editor, engine: engine
            ).run()
        }
        let edits = edits ?? 400
        let data = try Dataset.read(directory.appending(path: "edits.jsonl"))
        let chosen = try Split.promptOnly.first(edits, of: data.records)
        let interrupt = Interrupt("nothing was written.")
        let model = try await EditableModel.opened(directory.path, options: engine)
        let summary = try await model.summary
        if !output.json {
            Output.line(
                "A GPT-2 of \(summary.blocks) blocks and "
                    + "\((Double(summary.parameters) / 1e6).fixed(1)) million parameters, "
                    + "corrected \(edits) times in sequence with "
                    + "\([method, preset].compactMap(\.self).joined(separator: ", ")).\n")
        }
        let untouched = try Self.untouched(directory)
        var bench = Evaluation.Bench(model: model, edits: chosen, unrelated: untouched)
        let before = try await bench.run("Before", editor: .unedited, interrupt: interrupt)
        let after = try await bench.run("Editing", editor: editor, interrupt: interrupt)
        let table = DemoTable(before: before.row, after: after.row)
        guard !output.json else { return try Output.json(table) }
        try await Self.showExamples(chosen, model: model)
        Output.text(table.text)
    }

    private var editor: Editor { Editor(method, preset: preset) }

    /// Two corrections as a user meets them.
    private static func showExamples(_ edits: [SplitEdit], model: EditableModel) async throws {
        for split in [edits.first, edits.last].compactMap(\.self) {
            guard let rephrase = split.heldOut.first else { continue }
            for prompt in [split.edit.prompt, rephrase] {
                let comparison = try await model.ask(prompt)
                Output.line(
                    "  \(prompt)  \(comparison.before.text.trimmed) → "
                        + "\(comparison.after.text.trimmed)")
            }
        }
        Output.line()
    }

    /// Facts and prose that no correction touches.
    private static func untouched(_ directory: URL) throws -> [LocalityProbe] {
        struct Row: Decodable {
            let prompt: String
            let answer: String?
        }
        let file = directory.appending(path: "untouched.jsonl")
        let text = try String(contentsOf: file, encoding: .utf8)
        return try text.split(separator: "\n").map {
            let row = try JSONDecoder().decode(Row.self, from: Data($0.utf8))
            return LocalityProbe(prompt: row.prompt, answer: row.answer, kind: .unrelated)
        }
    }

    /// The model's folder: as given, or above the program or the working directory.
    private static func directory(_ path: String?) throws -> URL {
        if let path { return URL(filePath: path, directoryHint: .isDirectory) }
        if let found = besideProgram("Models/world-gpt2") { return found }
        throw WrongInput(
            "expected the embedded model in Models/world-gpt2, found none above here; "
                + "run it in the repository or give --model.")
    }
}

/// What the demo ends with.
struct DemoTable: Encodable {
    struct Line: Encodable {
        let what: String
        let before: Double?
        let after: Double?
    }

    let lines: [Line]
    let edits: Int
    let secondsPerEdit: Double?
    let stepsPerEdit: Double?
    let trainedParameters: Int?

    init(before: MethodRow, after: MethodRow) {
        let (old, new) = (before.atEnd, after.atEnd)
        let thirds = after.thirds.map(\.reliability.generated)
        lines = [
            Line(
                what: "corrections answered as taught", before: old.reliability.generated,
                after: new.reliability.generated),
            Line(what: "  the oldest third", before: nil, after: thirds.first ?? nil),
            Line(what: "  the newest third", before: nil, after: thirds.last ?? nil),
            Line(
                what: "the same in wordings never taught", before: old.generalization.generated,
                after: new.generalization.generated),
            Line(
                what: "neighbouring facts answered as before", before: old.neighbours.agreement,
                after: new.neighbours.agreement),
            Line(
                what: "untouched facts and prose as before", before: old.unrelated.agreement,
                after: new.unrelated.agreement),
            Line(
                what: "  of these bit for bit", before: old.unrelated.bitEqual,
                after: new.unrelated.bitEqual),
        ]
        edits = after.edits
        secondsPerEdit = after.secondsPerEdit?.mean
        stepsPerEdit = after.stepsPerEdit?.mean
        trainedParameters = after.trainableParameters
    }

    /// Aligned for a terminal.
    var text: String {
        func percent(_ share: Double?) -> String {
            let text = share.map { ($0 * 100).fixed(1) + " %" } ?? ""
            return String(repeating: " ", count: max(0, 9 - text.count)) + text
        }
        let width = lines.map(\.what.count).max() ?? 0
        func padded(_ text: String) -> String {
            text + String(repeating: " ", count: width - text.count)
        }
        let heading = padded("") + "   before    after\n"
        let body = lines.map { padded($0.what) + percent($0.before) + percent($0.after) + "\n" }
        let cost =
            "\n\((secondsPerEdit ?? 0).seconds) and \((stepsPerEdit ?? 0).fixed(1)) steps a "
            + "correction; \(trainedParameters ?? 0) numbers are trained for all of them.\n"
        return heading + body.joined() + cost
    }
}
