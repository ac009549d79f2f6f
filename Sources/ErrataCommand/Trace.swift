import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata trace`: finds the block that ROME shall write into.
struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the block that holds what a model knows of subjects, for ROME.",
        discussion: """
            Example:
              errata trace --model gpt2-xl --data counterfact.json --edits 50
              errata bench --model gpt2-xl --methods rome --set rome.layer=17 ...

            Noise on a subject's embeddings makes the model forget the answer; putting back the \
            clean output of some neighbouring MLPs at the subject's last token brings it back where \
            it is kept (causal tracing, arXiv 2202.05262). The peak is the block.
            """)

    @Option(help: ArgumentHelp("The checkpoint to trace.", valueName: "dir"))
    var model: String

    @Option(
        help: ArgumentHelp("Edits with subjects; formats as for errata edit.", valueName: "file"))
    var data: String

    @Option(help: "The data's format, where the first record does not tell it.")
    var format: String?

    @Option(help: "How many edits.")
    var edits = 20

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws { try requireCount(edits, of: "edits") }

    func run() async throws {
        guard !EditableModel.isSaved(in: URL(filePath: model, directoryHint: .isDirectory)) else {
            throw WrongInput(
                "expected a checkpoint to trace, got \(model), an edited model; give its base, which "
                    + "its errata.json names.")
        }
        let data = try Dataset.read(
            URL(filePath: data), format: format.map(DatasetFormat.init(name:)))
        let records = Array(data.records.prefix(edits))
        let interrupt = Interrupt("nothing was written.")
        let model = try await EditableModel.opened(model, options: engine, editor: .unedited)
        let bar = ProgressBar("Tracing", total: records.count, unit: "prompts")
        let tracing = try await model.traceSubjects(records, seed: engine.seed) {
            try interrupt.check()
            bar.update($0)
        }
        bar.finish()
        if output.json { try Output.json(tracing) } else { Output.text(Self.page(tracing)) }
    }

    /// A line for each block, with a bar as long as what comes back there.
    private static func page(_ tracing: SubjectTracing) -> String {
        let peak = tracing.restored.max() ?? 0
        let lines = tracing.restored.enumerated().map { block, probability in
            let bar = String(
                repeating: "█", count: Int((40 * probability / max(peak, 1e-9)).rounded()))
            let number = String(repeating: " ", count: block < 10 ? 1 : 0) + "\(block)"
            return "  block \(number)  \((100 * probability).fixed(1).padded(5)) %  \(bar)\n"
        }
        return """
            \(tracing.prompts.counted("prompt")); the model's own answer has \
            \((100 * tracing.clean).fixed(1)) %, with noise on the subject \
            \((100 * tracing.corrupted).fixed(1)) %, with \(tracing.window.counted("MLP")) around a \
            block put back:

            \(lines.joined())
            The peak is block \(tracing.layer): --set rome.layer=\(tracing.layer)

            """
    }
}

extension String {
    /// With spaces before it, `width` letters wide.
    fileprivate func padded(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
