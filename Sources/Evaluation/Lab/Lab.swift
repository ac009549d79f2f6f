package import Errata
import Foundation

/// Measures streams, one after another, on one base model.
package actor Lab {
    /// What a stream has come to.
    package enum Progress: Sendable {
        case stream(Bench.Progress)
        case tasks(GeneralTask, done: Int, total: Int)
    }

    private let model: EditableModel
    let data: LabData
    /// Time after which it is kept how far a stream has come.
    private let keepEvery: Duration
    /// Everything of a manifest that is the same for all streams.
    private let base: Manifest
    /// The recipes of methods with some settings, read once each.
    private var recipes: [RecipeKey: JSONValue?] = [:]
    /// What the unedited model says, asked once for all streams.
    private var baseAnswers: [String: String] = [:]
    private var baseContinuations: [RetentionRow] = []
    /// The prompts of general tasks by how many records of each are asked, and their files: read
    /// once, when first needed.
    private var itemsByLimit: [Int: [TaskItem]] = [:]
    private lazy var taskFiles = Result {
        let folder = try data.requireTasks()
        return try GeneralTask.allCases.map(folder.dataFile)
    }

    /// A lab that works on `model`, whose manifests are `manifest` but for what a stream decides.
    ///
    /// - Parameter keepEvery: time after which it is kept how far a stream has come.
    package init(
        model: EditableModel, data: LabData, manifest: Manifest, keepEvery: Duration = .seconds(300)
    ) {
        self.model = model
        self.data = data
        self.keepEvery = keepEvery
        base = manifest
    }

    /// Measures `stream`.
    ///
    /// - Parameters:
    ///   - folder: keeps how far it has come, and it goes on from there; nil to begin, and keep nothing.
    ///   - onProgress: an error thrown from it ends the run.
    package func measure(
        _ stream: EditStream, keepingIn folder: LabFolder? = nil,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> StreamResult {
        let manifest = try await manifest(of: stream)
        let run = try await teach(
            stream,
            resumption: folder?.resumption(
                of: stream, like: manifest, model: model, every: keepEvery),
            onProgress: onProgress)
        var tasks: [RetentionRow]?
        if let limit = stream.tasks { tasks = try await ask(limit, onProgress: onProgress) }
        let record = StreamRecord(
            stream: stream, manifest: manifest,
            dataset: data.sources[stream.data]!.dataset.report, rows: run.rows,
            codes: [CodePoint](run.outcomes),
            tasks: tasks.map { RetentionResult(manifest: base, rows: $0).tasks })
        return StreamResult(record: record, outcomes: run.outcomes, tasks: tasks ?? [])
    }

    /// Teaches `stream` and asks its prompts.
    func teach(
        _ stream: EditStream, resumption: Resumption? = nil,
        onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> Bench.Run {
        let choice = try MethodChoice.parse(stream.method)[0]
        let edits = try data.edits(of: stream)
        var options = Bench.Options()
        options.probeEvery = stream.probeEvery
        options.marks = stream.marks
        var bench = Bench(
            model: model, edits: edits, unrelated: data.unrelated(to: edits, of: stream),
            options: options)
        bench.baseAnswers = baseAnswers
        defer { baseAnswers = bench.baseAnswers }
        return try await bench.run(
            choice.title, editor: choice.editor(replacing: stream.settings),
            seed: stream.methodSeed, resumption: resumption
        ) { try onProgress(.stream($0)) }
    }

    /// Bytes of what grew with the latest stream.
    var growingBytes: Double {
        get async throws { Double(try await model.summary.growingBytes) }
    }

    /// Asks the model, edited as it is now, `limit` records of each general task.
    private func ask(
        _ limit: Int, onProgress: @escaping @Sendable (Progress) throws -> Void
    ) async throws -> [RetentionRow] {
        let items = try items(limit)
        let bench = RetentionBench(model: model, items: items)
        let rows = try await bench.run(known: baseContinuations) {
            try onProgress(.tasks($0.task, done: $0.done, total: items.count))
        }
        baseContinuations = rows.map(\.unedited)
        return rows
    }

    /// The prompts of `limit` records of each general task; none for nil.
    package func items(_ limit: Int?) throws -> [TaskItem] {
        guard let limit else { return [] }
        if let known = itemsByLimit[limit] { return known }
        let folder = try data.requireTasks()
        let items = try GeneralTask.allCases.flatMap { try folder.items(of: $0, limit: limit) }
        itemsByLimit[limit] = items
        return items
    }

    /// How `stream` would be measured now, so that one measured alike is not again.
    ///
    /// - Throws: the error of a recipe that does not fit the model, before anything is measured.
    package func manifest(of stream: EditStream) async throws -> Manifest {
        var manifest = base
        manifest.edits = stream.edits
        manifest.probeEvery = stream.probeEvery
        manifest.split = stream.split
        manifest.target = data.sources[stream.data]?.dataset.report.unusualTarget
        manifest.seeds = [stream.seed]
        if stream.order == .shuffled { manifest.seeds.append(stream.methodSeed) }
        manifest.data = try data.files(of: stream)
        if stream.tasks != nil { manifest.data += try taskFiles.get() }
        if let recipe = try await recipe(of: stream) {
            let title = try MethodChoice.parse(stream.method)[0].title
            manifest.configs[title] = recipe
        }
        return manifest
    }

    /// The recipe that the method of `stream` has with its settings on this model; nil for the
    /// unedited model.
    private func recipe(of stream: EditStream) async throws -> JSONValue? {
        let key = RecipeKey(method: stream.method, settings: stream.settings)
        if let known = recipes[key] { return known }
        let choice = try MethodChoice.parse(stream.method)[0]
        try await model.restart(with: choice.editor(replacing: stream.settings), seed: stream.seed)
        let recipe = try await model.summary.recipe.map { try JSONValue(json: Data($0.utf8)) }
        recipes[key] = .some(recipe)
        return recipe
    }

    /// `stream` without the settings that its method has anyway on this model: a sweep's value that
    /// is the preset's own is no other measurement.
    ///
    /// - Throws: the error of a recipe that does not fit the model, before anything is measured.
    package func plain(_ stream: EditStream) async throws -> EditStream {
        var plain = stream
        for key in stream.settings.keys.sorted() {
            var shorter = plain
            shorter.settings[key] = nil
            if try await recipe(of: shorter) == recipe(of: plain) { plain = shorter }
        }
        return plain
    }

    private struct RecipeKey: Hashable {
        let method: String
        let settings: [String: String]
    }
}

extension RetentionRow {
    /// The unedited model's half.
    fileprivate var unedited: RetentionRow {
        var row = self
        row.after = nil
        return row
    }
}
