import ArgumentParser
import Edits
import Errata

/// `errata ask`: the answer before, the answer after, and which edit made the difference.
struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the unedited and the edited model, and say which edit fired.",
        discussion: """
            Example:
              errata ask --model fixed.edited "Who runs Aranth Works?"

            Each answer comes with the nearest edit and how near it is. A prompt that no edit \
            covers is answered by the unedited model, bit for bit.
            """)

    @Option(help: ArgumentHelp("The model to ask.", valueName: "dir"))
    var model: String

    @Argument(help: "What to ask; may be several.")
    var prompts: [String]

    @Option(help: ArgumentHelp("The most tokens of an answer.", valueName: "count"))
    var maxTokens = 32

    @Option(help: ArgumentHelp("Ask the model as it was after this event.", valueName: "event"))
    var version: Int?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func validate() throws {
        try prompts.forEach(requireText)
        try requireCount(maxTokens, of: "max-tokens")
    }

    func run() async throws {
        let interrupt = Interrupt("nothing was changed.", endsAtOnce: true)
        defer { withExtendedLifetime(interrupt) {} }
        let model = try await EditableModel.opened(model, options: engine, version: version)
        let options = AnswerOptions(maximumTokens: maxTokens, seed: engine.seed)
        var comparisons: [Comparison] = []
        for prompt in prompts {
            let comparison = try await model.ask(prompt, options: options)
            if !results.json { Self.print(comparison) }
            comparisons.append(comparison)
        }
        if results.json { try Output.json(comparisons) }
    }

    private static func print(_ comparison: Comparison) {
        Output.line(comparison.prompt)
        Output.line("  before   " + shown(comparison.before))
        Output.line("  after    " + shown(comparison.after))
        Output.line("  " + reason(comparison.after.trace))
    }

    /// The answer, its lines under each other.
    private static func shown(_ answer: Answer) -> String {
        let text = answer.text.trimmed.replacing("\n", with: "\n           ")
        let ending = answer.reason == "maximumTokens" ? " …" : ""
        return (text.isEmpty ? "(nothing)" : text) + ending
    }

    /// Which edit decided, and how near it was.
    static func reason(_ trace: RouteTrace) -> String {
        guard let edit = trace.nearestEdit, let distance = trace.distance,
            let threshold = trace.threshold
        else { return "deferred no edit comes near; the unedited model answered" }
        let unit = trace.gate == .code ? " bits of the route code" : ""
        let digits = trace.gate == .code ? 0 : 2
        let measure =
            "at distance \(distance.fixed(digits))\(unit), in scope below "
            + threshold.fixed(digits)
        let tier = trace.tier == .retrieval ? ", from the log itself" : ""
        let version = trace.version.map { ", version #\($0)" } ?? ""
        return trace.decision == .edited
            ? "edited   by \(edit), \(measure)\(tier)\(version)"
            : "deferred nearest is \(edit), \(measure); the unedited model answered"
    }
}

/// - Throws: a sentence for a prompt without text.
func requireText(_ prompt: String) throws {
    if prompt.trimmed.isEmpty {
        throw ValidationError("expected a prompt, got an empty one; write the question")
    }
}
