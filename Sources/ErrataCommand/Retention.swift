import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata retention`: what a model still does after its edits.
struct Retention: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure eight general tasks before and after the edits.",
        discussion: """
            Example:
              errata retention --model fixed.edited --tasks general_tasks --limit 200 \\
                  --results results/retention

            The tasks are gsm8k, rte, nq, boolq, mutual, samsum, conll03 and sst2, zero-shot and \
            greedy, each in the file its authors released: gsm8k/test-reasoning.jsonl, \
            rte/test-NLI.tsv, nq/test-OpenDomainQA.jsonl, boolq/dev.jsonl, \
            mutual/test-dialogue/dev_1.txt and on, samsum/test-summarization.json, \
            conll03/test.txt, sst2/test-SentimentAnalysis.tsv.

            Besides scores there is the share of continuations identical to the unedited model's, \
            which tells something of a model too small to score. A bare checkpoint is measured \
            alone. Prompts that stand in --results already, asked of the same model in the same \
            way, are not asked again: a run that was stopped goes on where it was. Once it has \
            ended, its lm-eval folder holds results and samples as EleutherAI's \
            lm-evaluation-harness writes them.
            """)

    @Option(help: ArgumentHelp("The edited model, or a checkpoint.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The folder with the tasks' files.", valueName: "dir"))
    var tasks: String

    @Option(help: ArgumentHelp("Only these tasks, separated by commas.", valueName: "names"))
    var tasksOnly: String?

    @Option(help: ArgumentHelp("At most so many records of each task.", valueName: "count"))
    var limit: Int?

    @Flag(help: "Search NQ's answers in the prompt too, as the released scorer does.")
    var releasedNQ = false

    @Option(help: ArgumentHelp("A folder for figures, rows and manifest.", valueName: "dir"))
    var results: String?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws { try requireCount(limit, of: "limit") }

    func run() async throws {
        let source = try TaskFolder(URL(filePath: tasks))
        let chosen = try chosenTasks()
        let items = try chosen.flatMap { try source.items(of: $0, limit: limit) }
        let folder = try results.map { try ResultsFolder(URL(filePath: $0)) }
        let interrupt = Interrupt(
            results.map { "the same command goes on with what was measured, in \($0)." }
                ?? "no result was written.")
        let place = URL(filePath: model, directoryHint: .isDirectory)
        let model = try await EditableModel.opened(
            model, options: engine, editor: EditableModel.isSaved(in: place) ? nil : .unedited)
        let manifest = try await manifest(
            of: model, in: place, data: chosen.map { try source.dataFile(of: $0) },
            tasks: chosen)
        let known = try folder?.beginRetention(under: manifest) ?? []

        let bench = RetentionBench(model: model, items: items, searchesPrompt: releasedNQ)
        let bar = ProgressBar("Asking", total: items.count, unit: "prompts")
        defer { bar.finish() }
        let rows = try await bench.run(known: known) { progress in
            try folder?.append(progress.fresh)
            try interrupt.check()
            bar.update(progress.done, note: progress.task.title)
        }
        bar.finish()
        let result = RetentionResult(manifest: manifest, rows: rows)
        let all = try limit == nil ? items : chosen.flatMap { try source.items(of: $0) }
        try await interrupt.uninterrupted(then: "the results are saved.") {
            try folder?.finishRetention(result, rows: rows, items: all)
        }
        if output.json { try Output.json(result) } else { Output.line(result.plain) }
    }

    /// The tasks to ask, in the order in which they are listed.
    private func chosenTasks() throws -> [GeneralTask] {
        guard let tasksOnly else { return GeneralTask.allCases }
        let named = try tasksOnly.split(separator: ",").map {
            try GeneralTask(name: $0.trimmingCharacters(in: .whitespaces))
        }
        guard !named.isEmpty else {
            throw WrongInput("expected --tasks-only such as rte,nq, got nothing.")
        }
        return GeneralTask.allCases.filter(named.contains)
    }

    private func manifest(
        of model: EditableModel, in place: URL, data: [Manifest.DataFile], tasks: [GeneralTask]
    ) async throws -> Manifest {
        let summary = try await model.summary
        var configs: [String: JSONValue] = [
            "retention": .object([
                "tasks": .list(tasks.map { .text($0.rawValue) }),
                "limit": limit.map { .number(Double($0)) } ?? .null,
                "releasedNQ": .bool(releasedNQ),
            ])
        ]
        configs[summary.method] = try summary.recipe.map { try JSONValue(json: Data($0.utf8)) }
        var editsDigest: String?
        if EditableModel.isSaved(in: place) {
            // The log does not say what of it has been settled.
            let learned = await model.adaptersDigest
            editsDigest = sha256(Data((try EditHistory(of: place).head + learned).utf8))
        }
        return Manifest(
            command: Provenance.command, edits: 0, configs: configs, seeds: [engine.seed],
            data: data, model: place.lastPathComponent, modelDigest: await model.baseDigest,
            editsDigest: editsDigest,
            versions: Provenance.versions(of: model), device: summary.device,
            dtype: summary.dtype, threads: await model.threads)
    }
}
