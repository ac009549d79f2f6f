import ArgumentParser
import Foundation

/// Times editing and answering against the PyTorch twin; `make bench` runs it.
@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Seconds per edit and tokens per second, against the method as released.",
        subcommands: [Compare.self, MeasureEdits.self, Measure.self],
        defaultSubcommand: Compare.self)
}

/// Measures each method on each model in a process of its own, and its twin in another, and prints
/// one table for each model.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The whole comparison.")

    @Option(help: "Only one of the models: small or xl.")
    var only: BenchmarkModel?

    @Option(help: "Only this method; may be given several times.")
    var method: [String] = []

    @Option(help: "Timed steps of a twin; by default 20 on the small model and 4 on the other.")
    var twinSteps: Int?

    @Option(help: "The Python that runs the twin.")
    var python = ".libtorch/python/bin/python"

    @Flag(help: "Print one JSON object instead of the table.")
    var json = false

    @OptionGroup var options: MeasureOptions

    func validate() throws {
        for name in method where !EditCase.all.contains(where: { $0.method == name }) {
            throw ValidationError("No method \(name) is timed.")
        }
    }

    func run() throws {
        let models = only.map { [$0] } ?? BenchmarkModel.allCases
        var all: [ModelFigures] = []
        for model in models {
            let ways = EditCase.all.filter { method.isEmpty || method.contains($0.method) }
            var parts = try ways.map { try edits($0, on: model) }
            if method.isEmpty { parts.append(try measured(["measure", model.rawValue])) }
            all.append(.joined(parts))
        }
        let report = Report(machine: .current, models: all)
        print(json ? try report.json() : report.table())
    }

    /// One way of editing, with its twin where the recipe is the twin's.
    private func edits(_ way: EditCase, on model: BenchmarkModel) throws -> ModelFigures {
        let place = EditCase.all.firstIndex(of: way)!
        var figures = try measured(["measure-edits", model.rawValue, "\(place)"])
        if way.isPublished { figures.edits[0].twin = twin(of: figures.edits[0], on: model) }
        return figures
    }

    /// The twin's figures for the rows a step that ours had; nil where there is no twin, of which it
    /// says why.
    private func twin(of edits: EditFigures, on model: BenchmarkModel) -> TwinFigures? {
        let twin = Twin(
            python: python, steps: twinSteps ?? (options.quick ? 2 : model.twinSteps),
            options: options)
        do {
            return try twin.figures(of: edits.method, rows: edits.batchRows, on: model)
        } catch {
            note("\(error)")
            return nil
        }
    }

    /// Figures from a process that does nothing else, so that its peak memory is that of what it
    /// measures.
    private func measured(_ arguments: [String]) throws -> ModelFigures {
        var arguments = arguments + ["--threads", "\(options.threads)"]
        arguments += ["--tokens", "\(options.tokens)"]
        if let rows = options.rows { arguments += ["--rows", "\(rows)"] }
        if options.quick { arguments.append("--quick") }
        let output = try output(
            of: URL(filePath: CommandLine.arguments[0]), arguments, of: "the measurement")
        return try JSONDecoder().decode(ModelFigures.self, from: output)
    }
}

/// Times one way of editing here and prints JSON.
struct MeasureEdits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seconds per edit of one way of editing as JSON, without the twin.")

    @Argument(help: "small or xl")
    var model: BenchmarkModel

    @Argument(help: "Its place in the list of all.")
    var place: Int

    @OptionGroup var options: MeasureOptions

    func run() throws {
        guard EditCase.all.indices.contains(place) else {
            throw ValidationError("place must be from 0 to \(EditCase.all.count - 1).")
        }
        let figures = try Measurement(model, options: options).edits(EditCase.all[place])
        print(try figures.json())
    }
}

/// Measures one model here and prints JSON.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is measured beside editing, as JSON: answers, opening, single operations.")

    @Argument(help: "small or xl")
    var model: BenchmarkModel

    @OptionGroup var options: MeasureOptions

    func run() throws {
        print(try Measurement(model, options: options).others().json())
    }
}

/// What all measurements share.
struct MeasureOptions: ParsableArguments {
    @Option(help: "Threads for one operation.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Rows a batch, for methods that learn batches; by default their recipe's.")
    var rows: Int?

    @Option(help: "Tokens of an edit: prompt, three of target, end mark.")
    var tokens = 24

    @Flag(help: "Fewer steps and repetitions: to see that it runs, not for the record.")
    var quick = false

    func validate() throws {
        guard threads > 0, rows ?? 1 > 0, tokens > 5 else {
            throw ValidationError("threads and rows must be at least 1, tokens at least 6.")
        }
    }
}

extension BenchmarkModel: ExpressibleByArgument {}

/// Says on the error stream what is being done.
func note(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}

/// What another program prints.
///
/// - Throws: `BenchmarkError` when it fails.
func output(of program: URL, _ arguments: [String], of purpose: String) throws -> Data {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw BenchmarkError(
            "expected \(purpose) to succeed, but \(program.lastPathComponent) ended with status "
                + "\(process.terminationStatus); see its message above.")
    }
    return data
}

struct BenchmarkError: Error, CustomStringConvertible, LocalizedError {
    let message: String
    init(_ message: String) { self.message = message }
    var description: String { message }
    var errorDescription: String? { message }
}

extension Encodable {
    /// Indented, with sorted keys.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
