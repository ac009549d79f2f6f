import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// How a model is computed; every command that opens one has these.
struct EngineOptions: ParsableArguments {
    @Option(
        name: .customLong("seed"),
        help: "Fixes everything that is drawn at random (default: 1).")
    var givenSeed: UInt64?

    @Option(help: "Where to compute: cpu, cuda:0, mps.")
    var device = "cpu"

    @Option(help: "What the base model computes in: f32, bf16, or auto (bf16 for large ones).")
    var dtype = "auto"

    @Option(help: "Threads of one operation (default: all cores).")
    var threads: Int?

    var seed: UInt64 { givenSeed ?? ModelOptions().seed }

    func validate() throws { try requireCount(threads, of: "threads") }

    /// - Throws: a sentence where a seed was given for an edited model, which would not use it.
    func requireNoSeed(for model: String) throws {
        guard givenSeed == nil else {
            throw WrongInput(
                "\(model) is an edited model and keeps its own seed; leave --seed out.")
        }
    }

    /// - Throws: a sentence for a device or a type that does not exist.
    func modelOptions() throws -> ModelOptions {
        var options = ModelOptions()
        options.seed = seed
        options.device = device
        options.dtype = dtype
        options.threads = threads
        try options.validate()
        return options
    }
}

/// Which recipe edits a model: a preset or a file, with single keys replaced.
struct RecipeOptions: ParsableArguments {
    @Option(help: "Which method edits; errata methods lists them.")
    var method: String?

    @Option(help: "Which of the method's recipes: default (what to run), paper (as published).")
    var preset: String?

    @Option(help: ArgumentHelp("A recipe as JSON, instead of a preset.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Replaces one key of the recipe: --set steps=30.", valueName: "key=value"))
    var replacements: [String] = []

    func validate() throws {
        if preset != nil && config != nil {
            throw ValidationError("expected --preset or --config, got both; leave one out")
        }
        try Self.requirePairs(replacements)
    }

    /// - Throws: a sentence for a `--set` that is no `key=value`.
    static func requirePairs(_ replacements: [String]) throws {
        for text in replacements where !text.dropFirst().contains("=") {
            throw ValidationError("expected --set key=value, got --set \(text)")
        }
    }

    /// The keys and values of `--set`, each said aloud.
    static func values(_ replacements: [String]) -> [String: String] {
        var values: [String: String] = [:]
        for text in replacements {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = String(parts[1])
            Output.note("\(parts[0]) = \(parts[1]), as --set says.")
        }
        return values
    }

    /// The editor asked for; nil where nothing was, so that a saved model keeps its own.
    ///
    /// - Throws: `EditError` or `WrongInput` for a file that is no recipe.
    func editor() throws -> Editor? {
        let values = Self.values(replacements)
        if let config {
            return .recipe(
                method ?? Editor.standard.method, json: try Self.recipe(config), replacing: values)
        }
        guard method != nil || preset != nil || !values.isEmpty else { return nil }
        return Editor(method ?? Editor.standard.method, preset: preset, replacing: values)
    }

    private static func recipe(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw WrongInput(
                "expected a recipe at \(path), but it cannot be read; check the path of --config.")
        }
        return data
    }
}

/// The longest that anything may be waited for, some eleven days: what a clock can count is finite.
let longestSeconds = 1e6

/// - Throws: a sentence for a count below 1.
func requireCount(_ count: Int?, of option: String) throws {
    if let count, count < 1 {
        throw ValidationError("expected --\(option) of at least 1, got \(count)")
    }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false
}

extension EditableModel {
    /// Opens the model in `path`, with a moving line where it takes long.
    ///
    /// - Throws: `WrongInput` for whatever does not fit, since opening changes nothing.
    static func opened(
        _ path: String, options: EngineOptions, editor: Editor? = nil, version: Int? = nil,
        waiting seconds: Double = 0
    ) async throws -> EditableModel {
        let directory = URL(filePath: path, directoryHint: .isDirectory)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory)
        else {
            throw WrongInput(
                "expected a model in \(path), but there is no such directory; "
                    + "check the path of --model.")
        }
        guard isDirectory.boolValue else {
            throw WrongInput(
                "expected a model directory, but \(path) is a file; give the directory it lies in.")
        }
        var modelOptions = try options.modelOptions()
        modelOptions.waitSeconds = seconds
        let bar = ProgressBar("Opening \(directory.lastPathComponent)")
        defer { bar.finish() }
        do {
            let model = try EditableModel(
                opening: directory, options: modelOptions, editor: editor, version: version)
            for notice in await model.notices { Output.note(notice) }
            return model
        } catch {
            throw WrongInput(Exit.sentence(for: error))
        }
    }
}

extension Dataset {
    /// The edits that `--data`, `--format` and `--target` name.
    ///
    /// - Throws: `WrongInput` or `EvaluationError` for what does not name any.
    static func read(
        _ path: String, format: String?, target: String, isConsistent: Bool = false
    ) throws -> Dataset {
        guard let answer = ZsRETarget(rawValue: target) else {
            throw WrongInput("expected --target alt or answers, got \(target).")
        }
        return try read(
            URL(filePath: path), format: format.map(DatasetFormat.init(name:)), target: answer,
            isConsistent: isConsistent)
    }
}
