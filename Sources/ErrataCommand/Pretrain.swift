import ArgumentParser
import Errata
import Foundation

/// `errata pretrain`: trains a small GPT-2 or LLaMA from nothing.
struct Pretrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a small GPT-2 or LLaMA from nothing on facts and prose.",
        discussion: """
            Example (the embedded model, about half an hour on two cores):
              Scripts/make-world --out world
              Scripts/train-tokenizer --corpus world/corpus.jsonl --out world/tokenizer
              errata pretrain --corpus world/corpus.jsonl --tokenizer world/tokenizer --output model

            The corpus has one JSON object a line: {"prompt", "target", "group"} for a fact, \
            {"text"} for prose. At the end every fact is asked for, and what the model knows is \
            printed by group. Nothing is written before that.
            """)

    @Option(help: ArgumentHelp("What to learn, as JSON lines.", valueName: "file"))
    var corpus: String

    @Option(help: ArgumentHelp("A directory with the tokenizer's files.", valueName: "dir"))
    var tokenizer: String

    @Option(help: ArgumentHelp("Where the checkpoint goes.", valueName: "dir"))
    var output: String

    @OptionGroup(title: "Model and training") var shape: PretrainingFlags

    @Option(help: "Fixes the first weights and the order of the rows.")
    var seed = PretrainingOptions().seed

    @Option(help: "Where to compute: cpu, cuda:0, mps.")
    var device = "cpu"

    @Option(help: "What the passes compute in: f32 or bf16; the weights are trained in f32.")
    var dtype = PretrainingOptions().dtype

    @Option(help: "What the file holds: f16, bf16 or f32.")
    var store = PretrainingOptions().storedDtype

    @Option(help: "Threads of one operation (default: all cores).")
    var threads: Int?

    @OptionGroup(title: "Results") var results: OutputOptions

    func validate() throws { try requireCount(threads, of: "threads") }

    func run() async throws {
        let directory = URL(filePath: output, directoryHint: .isDirectory)
        try requireFree(directory)
        let interrupt = Interrupt("nothing was written to \(output).")
        let bar = ProgressBar("Training", total: shape.steps, unit: "steps")
        defer { bar.finish() }
        let report = try Errata.pretrain(
            corpus: URL(filePath: corpus),
            tokenizer: URL(filePath: tokenizer, directoryHint: .isDirectory), output: directory,
            options: options()
        ) {
            try interrupt.check()
            bar.update($0.step, note: "loss \($0.loss.fixed(3))")
        } onSave: {
            try interrupt.endForGood()
        }
        bar.finish()
        if results.json { try Output.json(report) } else { print(report) }
    }

    private func options() throws -> PretrainingOptions {
        var options = PretrainingOptions()
        shape.set(&options)
        options.seed = seed
        options.device = device
        options.dtype = dtype
        options.storedDtype = store
        options.threads = threads
        try options.validate()
        return options
    }

    /// A checkpoint that stands there already is not written over.
    private func requireFree(_ directory: URL) throws {
        for name in ["config.json", "model.safetensors", "errata.json"] {
            let file = directory.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            throw WrongInput(
                "expected --output without a model in it, but \(output) has \(name); remove it or "
                    + "choose another directory.")
        }
        try SavePlace.requireWritable(directory, path: output)
    }

    private func print(_ report: PretrainingReport) {
        Output.line(
            "Trained \(report.parameters) parameters on \(report.rows) rows in "
                + "\(report.seconds.seconds), \(report.steps) steps, last loss "
                + "\(report.loss.fixed(4)).")
        let width = report.recall.keys.map(\.count).max() ?? 0
        Output.line("Facts known, all tokens right and the end mark too:")
        for (name, count) in report.recall.sorted(by: { $0.key < $1.key }) {
            Output.line("  \(name.padded(to: width))  \(share(count))")
        }
        Output.line("  \("all".padded(to: width))  \(share(report.overall))")
        Output.line("Saved in \(output) (\((Double(report.bytes) / 1e6).fixed(1)) MB of weights).")
    }

    private func share(_ count: PretrainingReport.Count) -> String {
        "\((100 * count.share).fixed(1)) %  \(count.right) of \(count.total)"
    }
}

/// What the model is made of and how long it learns.
struct PretrainingFlags: ParsableArguments {
    private static let defaults = PretrainingOptions()

    @Option(help: "Whose architecture: gpt2 or llama.")
    var family = defaults.family

    @Option(help: "Transformer blocks.")
    var blocks = defaults.blocks

    @Option(help: "Width of the residual stream.")
    var width = defaults.width

    @Option(help: "Attention heads; they divide the width.")
    var heads = defaults.heads

    @Option(help: ArgumentHelp("The most tokens of a row.", valueName: "tokens"))
    var context = defaults.contextLength

    @Option(help: "Updates of the weights.")
    var steps = defaults.steps

    @Option(help: ArgumentHelp("Tokens of a batch, padding included.", valueName: "tokens"))
    var batchTokens = defaults.batchTokens

    @Option(help: ArgumentHelp("The highest learning rate.", valueName: "rate"))
    var learningRate = defaults.learningRate

    func set(_ options: inout PretrainingOptions) {
        options.family = family
        options.blocks = blocks
        options.width = width
        options.heads = heads
        options.contextLength = context
        options.steps = steps
        options.batchTokens = batchTokens
        options.learningRate = learningRate
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
