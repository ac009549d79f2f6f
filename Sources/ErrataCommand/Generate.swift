import ArgumentParser
import Edits
import Errata

/// `errata generate`: continues a prompt.
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt, token by token.",
        discussion: """
            Example:
              errata generate --model fixed.edited "Once upon a time" \\
                  --max-tokens 200 --temperature 0.8 --top-p 0.95 --seed 3

            Prints what comes after the prompt. Temperature 0 takes the likeliest token each time; \
            above it, the same seed draws the same text.
            """)

    @Option(help: ArgumentHelp("The model to ask.", valueName: "dir"))
    var model: String

    @Argument(help: "What to continue.")
    var prompt: String

    @Option(help: ArgumentHelp("The most tokens to add.", valueName: "count"))
    var maxTokens = 128

    @Option(help: "0 for the likeliest token, larger for more variety.")
    var temperature = 0.0

    @Option(help: ArgumentHelp("Draw from the likeliest that add up to this.", valueName: "share"))
    var topP = 1.0

    @Option(help: ArgumentHelp("Draw from so many likeliest; 0 for all.", valueName: "count"))
    var topK = 0

    @Flag(inversion: .prefixedNo, help: "Print each token as it comes.")
    var stream = true

    @Flag(help: "Leave the edits out.")
    var unedited = false

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var results: OutputOptions

    func validate() throws {
        try requireText(prompt)
        try requireCount(maxTokens, of: "max-tokens")
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("expected --temperature of 0 or more, got \(temperature)")
        }
        guard topP > 0, topP <= 1 else {
            throw ValidationError("expected --top-p above 0 and at most 1, got \(topP)")
        }
        guard topK >= 0 else { throw ValidationError("expected --top-k of 0 or more, got \(topK)") }
    }

    func run() async throws {
        let interrupt = Interrupt("the text above is all there is.", endsAtOnce: true)
        defer { withExtendedLifetime(interrupt) {} }
        let model = try await EditableModel.opened(model, options: engine)
        let options = AnswerOptions(
            maximumTokens: maxTokens, temperature: temperature, topK: topK, topP: topP,
            seed: engine.seed)
        let isStreaming = stream && !results.json
        let answer = try await model.answer([prompt], options: options, edited: !unedited) {
            if isStreaming { Output.text($1) }
        }[0]
        if results.json {
            try Output.json(answer)
        } else {
            Output.line(isStreaming ? "" : answer.text)
        }
    }
}
