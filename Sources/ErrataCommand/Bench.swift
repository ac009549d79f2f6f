import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata bench`: methods side by side, on the same edits, under one protocol.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure methods on a stream of edits: one table, one protocol.",
        discussion: """
            Example:
              errata bench --model gpt2-xl --data zsre_mend_eval.json --edits 1000 \\
                  --methods unedited,elder:paper,grace --results runs/zsre

            A method is named alone (its first preset), with a preset (grace:paper), or as grace:* \
            for all of its presets; errata methods lists them. Methods that stand in --results \
            already, measured alike with the same recipe, are not run again: a run that was \
            stopped goes on where it was. Once it has ended, its lm-eval folder holds results and \
            samples as EleutherAI's lm-evaluation-harness writes them.

            Every method starts from the unedited model, learns the edits in file order, and is \
            asked at the end: the edited prompts, rephrasings it never saw, and prompts that no \
            edit covers. Generated answers are greedy and must end where the target ends.
            """)

    @Option(help: ArgumentHelp("The checkpoint to edit.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The edits; formats as for errata edit.", valueName: "file"))
    var data: String

    @Option(help: "The data's format, where the first record does not tell it.")
    var format: String?

    @Option(help: "Which of zsRE's answers is taught: alt (counterfactual) or answers (true).")
    var target = "alt"

    @Option(help: "How many edits.")
    var edits = 1000

    @Option(help: "Methods, separated by commas, or all: every preset of every method.")
    var methods = "unedited,elder:paper,elder:default"

    @Option(help: "Wordings that are taught: prompt-only, or paper (with half the rephrasings).")
    var split = "prompt-only"

    @Flag(help: "Leave out edits that contradict an earlier one.")
    var consistent = false

    @Flag(help: "Teach edits without the subjects that the data names.")
    var withoutSubjects = false

    @Option(
        help: ArgumentHelp(
            "A data file whose unrelated prompts are asked too.", valueName: "file"))
    var unrelated: String?

    @Option(help: ArgumentHelp("Also probe each edit after every so many.", valueName: "count"))
    var probeEvery: Int?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Replaces one key of every recipe, or of one: --set elder.steps=30.",
            valueName: "key=value"))
    var replacements: [String] = []

    @Option(help: ArgumentHelp("A folder for tables, rows and manifest.", valueName: "dir"))
    var results: String?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws {
        try requireCount(edits, of: "edits")
        try requireCount(probeEvery, of: "probe-every")
        try RecipeOptions.requirePairs(replacements)
    }

    func run() async throws {
        var dataset = try Dataset.read(
            data, format: format, target: target, isConsistent: consistent)
        if withoutSubjects { dataset = dataset.withoutSubjects() }
        let edits = try Self.split(split).first(edits, of: dataset.records)
        let asked = Set(edits.flatMap { [$0.edit.prompt] + $0.heldOut })
        let unrelated =
            try unrelated.map {
                try Dataset.read($0, format: nil, target: target).records.flatMap(\.locality)
                    .filter { $0.kind == .unrelated && !asked.contains($0.prompt) }
            } ?? []
        let editors = try self.editors()
        let folder = try results.map { try ResultsFolder(URL(filePath: $0)) }
        let interrupt = Interrupt(
            results.map { "what was measured of whole methods stands in \($0)." }
                ?? "no result was written.")
        let model = try await EditableModel.opened(model, options: engine)
        if !output.json { Output.line(dataset.report.summary) }

        var options = Evaluation.Bench.Options()
        options.probeEvery = probeEvery
        var bench = Evaluation.Bench(
            model: model, edits: edits, unrelated: Array(unrelated.prefix(edits.count)),
            options: options)
        var result = BenchResult(
            manifest: try await manifest(of: model, teaching: dataset.report.unusualTarget),
            dataset: dataset.report)
        let earlier = folder?.kept(under: result.manifest)
        var rows: [String: MethodRow] = [:]
        // All recipes come first: what does not fit fails before anything is measured, and every row
        // that stands already stays however often a run is stopped.
        for (name, editor) in editors {
            try await model.restart(with: editor)
            result.manifest.configs[name] = try await model.summary.recipe.map {
                try JSONValue(json: Data($0.utf8))
            }
            rows[name] = earlier?.row(of: name, like: result.manifest)
        }
        result.methods = editors.compactMap { rows[$0.0] }
        for (name, editor) in editors where rows[name] == nil {
            let measured = try await bench.run(name, editor: editor, interrupt: interrupt)
            rows[name] = measured.row
            result.methods = editors.compactMap { rows[$0.0] }
            try folder?.write(result, outcomes: (name, measured.outcomes), isFinished: false)
        }
        try await interrupt.uninterrupted(then: "the results are saved.") {
            try folder?.write(result)
        }
        if output.json { try Output.json(result) } else { Output.line(result.plain) }
    }

    private static func split(_ name: String) throws -> Split {
        guard let split = Split(rawValue: name) else {
            throw WrongInput("expected --split prompt-only or paper, got \(name).")
        }
        return split
    }

    private func editors() throws -> [(String, Editor)] {
        let choices = try MethodChoice.parse(methods)
        let values = RecipeOptions.values(replacements)
        for key in values.keys where key.contains(".") {
            let method = String(key.prefix { $0 != "." })
            guard choices.contains(where: { $0.info.name == method }) else {
                throw WrongInput(
                    "expected --set to name a key of a method that runs, got \(key); "
                        + "add \(method) to --methods or leave the key out.")
            }
        }
        return choices.map { ($0.title, $0.editor(replacing: values)) }
    }

    private func manifest(
        of model: EditableModel, teaching target: ZsRETarget?
    ) async throws -> Manifest {
        let summary = try await model.summary
        let files = try [data, unrelated].compactMap(\.self).map {
            try Manifest.DataFile(URL(filePath: $0))
        }
        return Manifest(
            command: Provenance.command, edits: edits, probeEvery: probeEvery, configs: [:],
            seeds: [engine.seed], data: files, split: try Self.split(split),
            target: target, isConsistent: consistent ? true : nil,
            isWithoutSubjects: withoutSubjects ? true : nil,
            model: URL(filePath: self.model).lastPathComponent,
            modelDigest: await model.baseDigest,
            versions: Provenance.versions(of: model),
            device: summary.device, dtype: summary.dtype, threads: await model.threads)
    }
}

extension Evaluation.Bench {
    /// Runs one method with a moving line.
    mutating func run(
        _ name: String, editor: Editor, interrupt: Interrupt
    ) async throws -> Run {
        let bars = LabBars()
        defer { bars.finish() }
        return try await run(name, editor: editor) { progress in
            try interrupt.check()
            bars.update(.stream(progress))
        }
    }
}
