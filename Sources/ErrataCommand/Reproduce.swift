import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata reproduce`: the papers' tables and figures.
struct Reproduce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the tables and figures of the papers, on any checkpoint.",
        usage: "errata reproduce all|NAME ... --model DIR --data DIR --results DIR [--dry-run]",
        discussion: """
            Example:
              errata reproduce all --model gpt2-xl --data data --results results/gpt2-xl --dry-run
              errata reproduce table1 figure2 --model gpt2-xl --data data --results results/gpt2-xl

            Each name is a recipe in Configs/reproduce, which says what is taught, to whom, with \
            which seeds. Streams of edits that two recipes share are measured once. The data folder \
            holds zsre_mend_eval.json or zsre_mend_edit.json, counterfact.json or \
            counterfact-edit.json, and general_tasks with the eight tasks, at most one folder deep.

            Streams that stand in --results, measured alike, are not measured again, and one that \
            was stopped on the way goes on from what was last kept of it. Results: report.html, and \
            for each recipe a folder with table.md, results.json, manifest.json, every figure as SVG \
            and PNG and a report.html of its own; streams/NAME holds the row of every single prompt.
            """)

    @Argument(help: "Recipes, or all.")
    var names: [String]

    @Option(help: ArgumentHelp("The checkpoint to edit.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The folder with the data sets and tasks.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("A folder for everything that is made.", valueName: "dir"))
    var results: String

    @Flag(help: "Only say what it will take: edits, steps, prompts, time, memory.")
    var dryRun = false

    @Flag(help: "Only show what was measured so far.")
    var show = false

    @OptionGroup(title: "Data") var files: LabFiles
    @OptionGroup(title: "Scale") var scale: LabScaleOptions
    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func run() async throws {
        let place = try RankPlace(environment: ProcessInfo.processInfo.environment)
        let experiments = try chosen()
        let data = try files.read(in: data)
        let scale = try scale.value()
        let plans = try experiments.map { try $0.plan(on: data, scale: scale) }
        let isLeader = place?.rank ?? 0 == 0
        if let methods = self.scale.methods,
            !plans.flatMap(\.streams).contains(where: scale.measures)
        {
            throw WrongInput("expected --methods with a method of these recipes, got \(methods).")
        }
        // What is only said or shown, one rank says.
        guard isLeader || !(dryRun || show) else { return }
        if isLeader { for notice in plans.flatMap(\.notices) { Output.note(notice) } }
        let interrupt = Interrupt("the same command goes on with what was measured, in \(results).")
        try requireRoom()
        let model = try await EditableModel.opened(model, options: engine, editor: .unedited)
        let lab = Lab(model: model, data: data, manifest: try await manifest(of: model))
        let run = try await LabRun(
            lab: lab, streams: plans.flatMap(\.streams).distinct, choosing: scale.measures,
            interrupt: interrupt)
        let folder = try LabFolder(URL(filePath: results))
        guard isLeader else { return try await run.follow(place!, in: folder) }

        let standing = run.standing(run.chosen, in: folder)
        if dryRun { return try await printPlan(of: run, without: standing) }
        let failures =
            show ? [] : try await run.measure(into: folder, without: standing, place: place)
        let reports = zip(experiments, plans).map { experiment, plan in
            let records = run.standing(plan.streams, in: folder)
            return LabReport(
                experiment, command: Provenance.command, streams: plan.streams,
                records: plan.streams.compactMap { records[$0.name] }, notices: plan.notices)
        }
        if show && reports.allSatisfy(\.records.isEmpty) {
            throw WrongInput(
                "expected streams in \(results) that were measured like this, found none; give the "
                    + "--dtype and --threads that their stream.json names.")
        }
        try await interrupt.uninterrupted(then: "the results are saved.") {
            try write(reports, to: folder)
        }
        guard failures.isEmpty else {
            throw Failure(
                "\(failures.count) of \(run.chosen.count) streams could not be measured, the first "
                    + "\(failures[0]); the others are shown.")
        }
    }

    private func chosen() throws -> [Experiment] {
        let all = try Experiment.all(in: files.recipeFolder())
        if names.contains("all") { return all }
        return try names.map { name in
            guard let experiment = all.first(where: { $0.name == name }) else {
                let known = all.map(\.name).joined(separator: ", ")
                throw WrongInput("expected one of \(known) or all, got \(name).")
            }
            return experiment
        }
    }

    /// Before gigabytes are read it is said when they cannot fit.
    private func requireRoom() throws {
        let directory = URL(filePath: model, directoryHint: .isDirectory)
        guard let wanted = try? Footprint.weights(in: directory, options: engine.modelOptions()),
            let free = Footprint.free(on: engine.device), wanted > free
        else { return }
        throw WrongInput(
            "expected room for the weights of \(model), \(wanted >> 20) MB, got \(free >> 20) MB on "
                + "\(engine.device); use a larger machine or --dtype bf16.")
    }

    private func manifest(of model: EditableModel) async throws -> Manifest {
        let summary = try await model.summary
        return Manifest(
            command: Provenance.command, edits: 0, configs: [:], seeds: [], data: [],
            model: URL(filePath: self.model).lastPathComponent,
            modelDigest: await model.baseDigest, versions: Provenance.versions(of: model),
            device: summary.device, dtype: summary.dtype, threads: await model.threads)
    }

    private func write(_ reports: [LabReport], to folder: LabFolder) throws {
        if let notice = folder.notice { Output.note(notice) }
        let shown = reports.filter { !$0.exhibits.isEmpty }
        for report in shown { try folder.write(report) }
        try folder.writePage(
            shown, title: "Reproduction on \(URL(filePath: model).lastPathComponent)",
            lead: "The tables and figures of ELDER (arXiv 2408.11869) and LEMoE (arXiv 2406.20030)."
        )
        guard !output.json else { return try Output.json(reports.flatMap(\.records)) }
        for report in shown {
            Output.line(report.experiment.title + "\n")
            for exhibit in report.exhibits {
                for table in exhibit.tables where !table.rows.isEmpty { Output.line(table.plain) }
            }
        }
        Output.line("Everything stands in \(results)/report.html.")
    }

    private func printPlan(of run: LabRun, without standing: [String: StreamRecord]) async throws {
        let missing = run.chosen.filter { standing[$0.name] == nil }
        let bar = ProgressBar("Trying each method", total: missing.count, unit: "streams")
        defer { bar.finish() }
        let interrupt = run.interrupt
        let (held, free) = (heldMemoryBytes(), Footprint.free(on: "cpu"))
        let costs = try await run.lab.costs(of: missing) {
            try interrupt.check()
            bar.update($0)
        }
        bar.finish()
        let plan = LabPlan(costs: costs, measured: run.chosen.count - missing.count)
        if output.json { try Output.json(costs) } else { Output.line(plan.plain) }
        // What a stream takes of another device's memory is not known.
        if engine.device == "cpu", let held, let free {
            try plan.requireRoom(beyond: held, free: free)
        }
    }
}

/// Where the lab finds data and recipes.
struct LabFiles: ParsableArguments {
    @Option(help: ArgumentHelp("zsRE, where it is not in --data.", valueName: "file"))
    var zsre: String?

    @Option(help: ArgumentHelp("CounterFact, where it is not in --data.", valueName: "file"))
    var counterfact: String?

    @Option(help: ArgumentHelp("The eight tasks, where they are not in --data.", valueName: "dir"))
    var tasks: String?

    @Option(help: "Which of zsRE's answers is taught: alt (counterfactual) or answers (true).")
    var target = "alt"

    @Option(
        help: ArgumentHelp(
            "The recipes (default: Configs/reproduce, found beside the program).", valueName: "dir")
    )
    var recipes: String?

    func read(in folder: String?) throws -> LabData {
        guard let target = ZsRETarget(rawValue: target) else {
            throw WrongInput("expected --target alt or answers, got \(self.target).")
        }
        let named = [LabData.Name.zsre: zsre, .counterfact: counterfact]
        return try LabData(
            in: folder.map { URL(filePath: $0) },
            files: named.compactMapValues { $0.map { URL(filePath: $0) } },
            tasks: tasks.map { URL(filePath: $0) }, target: target)
    }

    func recipeFolder() throws -> URL {
        if let recipes { return URL(filePath: recipes, directoryHint: .isDirectory) }
        guard let folder = besideProgram("Configs/reproduce") else {
            throw WrongInput(
                "expected recipes in Configs/reproduce, found none above here; run it in the "
                    + "repository or give --recipes.")
        }
        return folder
    }
}

/// How a run is made smaller than its recipes.
struct LabScaleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Teach at most so many edits; METHOD=COUNT is for one method. May be repeated.",
            valueName: "count"))
    var edits: [String] = []

    @Option(
        help: ArgumentHelp(
            "Measure only these methods, such as elder,grace:paper; others are shown where they "
                + "were measured before.", valueName: "list"))
    var methods: String?

    @Option(help: ArgumentHelp("At most so many seeds.", valueName: "count"))
    var seeds: Int?

    @Option(help: ArgumentHelp("At most so many records of each task.", valueName: "count"))
    var limit: Int?

    func validate() throws {
        try requireCount(seeds, of: "seeds")
        try requireCount(limit, of: "limit")
        for text in edits where EditCap(text) == nil {
            throw ValidationError(
                "expected --edits such as 300 or grace=1000, of at least 1, got \(text)")
        }
    }

    /// - Throws: `EvaluationError` for a method that there is not.
    func value() throws -> LabScale {
        var scale = LabScale()
        (scale.seeds, scale.tasks) = (seeds, limit)
        scale.methods = try methods.map { list in
            Set(try list.split(separator: ",").flatMap { try names(String($0)) })
        }
        for cap in edits.compactMap(EditCap.init) {
            guard let method = cap.method else {
                scale.edits = cap.count
                continue
            }
            for name in try names(method) { scale.editsOfMethods[name] = cap.count }
        }
        return scale
    }

    /// What `method` names: a method with all its presets, or one preset of it.
    private func names(_ method: String) throws -> [String] {
        let choices = try MethodChoice.parse(method)
        return method.contains(":") ? choices.map(\.name) : choices.map(\.info.name)
    }
}

/// What `--edits` says: `300`, or `grace=300` for one method.
private struct EditCap {
    let method: String?
    let count: Int

    /// Nil for a text that is neither.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = parts.last, let count = Int(last), count > 0, !parts[0].isEmpty else {
            return nil
        }
        method = parts.count > 1 ? String(parts[0]) : nil
        self.count = count
    }
}
