import ArgumentParser
import Foundation

/// Times editing and answering against the PyTorch twin; `make bench` runs it.
@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Seconds per edit and tokens per second, against the method as released.",
        subcommands: [Compare.self, Measure.self], defaultSubcommand: Compare.self)
}

/// Measures each model in a process of its own, and the twin in another, and prints one table.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The whole comparison.")

    @Option(help: "Only one of the models: small or xl.")
    var only: BenchmarkModel?

    @Option(help: "Timed steps of the twin; by default 50 on the small model and 10 on the other.")
    var twinSteps: Int?

    @Option(help: "The Python that runs the twin.")
    var python = ".libtorch/python/bin/python"

    @Flag(help: "Print one JSON object instead of the table.")
    var json = false

    @OptionGroup var options: MeasureOptions

    func run() throws {
        let models = only.map { [$0] } ?? BenchmarkModel.allCases
        var all: [ModelFigures] = []
        for model in models {
            let twin = Twin(
                python: python, steps: twinSteps ?? (options.quick ? 3 : model.twinSteps),
                options: options)
            var figures = try measured(model)
            note("\(model): the twin, \(twin.steps) steps")
            figures.twin = try twin.figures(of: model, firstEdited: figures.firstEdited)
            all.append(figures)
        }
        let report = Report(machine: .current, models: all)
        print(json ? try report.json() : report.table())
    }

    /// Our figures, from a process that does nothing else, so that its peak memory is that of the
    /// edits.
    private func measured(_ model: BenchmarkModel) throws -> ModelFigures {
        var arguments = ["measure", model.rawValue, "--threads", "\(options.threads)"]
        arguments += ["--rows", "\(options.rows)", "--tokens", "\(options.tokens)"]
        if options.quick { arguments.append("--quick") }
        let output = try output(
            of: URL(filePath: CommandLine.arguments[0]), arguments, of: "the measurement")
        return try JSONDecoder().decode(ModelFigures.self, from: output)
    }
}

/// Measures one model here and prints JSON.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "One model's figures as JSON, without the twin.")

    @Argument(help: "small or xl")
    var model: BenchmarkModel

    @OptionGroup var options: MeasureOptions

    func run() throws {
        print(try Measurement(model, options: options).figures().json())
    }
}

/// What all measurements share.
struct MeasureOptions: ParsableArguments {
    @Option(help: "Threads for one operation.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Edits in a batch.")
    var rows = 4

    @Option(help: "Tokens of an edit: prompt, three of target, end mark.")
    var tokens = 24

    @Flag(help: "Fewer steps and repetitions: to see that it runs, not for the record.")
    var quick = false

    func validate() throws {
        guard threads > 0, rows > 0, tokens > 5 else {
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
