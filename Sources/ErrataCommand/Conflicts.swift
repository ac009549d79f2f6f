import ArgumentParser
import Edits
import Errata
import Evaluation
import Foundation

/// `errata conflicts`: which corrections of a file contradict one another.
struct Conflicts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find corrections of a file that contradict or repeat earlier ones.",
        discussion: """
            Example:
              errata conflicts --model gpt2-xl --data zsre_mend_eval.json

            Finds what errata edit would find: equal questions, equal subjects and relations, and \
            questions that nearly have the same words and mean the same to the model. Where a file \
            proves contradictions by equal questions, the summary says how many of them would have \
            been found by words and meaning alone.
            """)

    @Option(help: ArgumentHelp("The model that shall be edited.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("The edits; formats as for errata edit.", valueName: "file"))
    var data: String

    @Option(help: "The data's format, where the first record does not tell it.")
    var format: String?

    @Option(help: "Which of zsRE's answers: alt or answers.")
    var target = "alt"

    @Option(help: ArgumentHelp("Take only the first edits.", valueName: "count"))
    var limit: Int?

    @OptionGroup(title: "Engine") var engine: EngineOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    func validate() throws { try requireCount(limit, of: "limit") }

    func run() async throws {
        let dataset = try Dataset.read(data, format: format, target: target)
        let interrupt = Interrupt("nothing was changed.", endsAtOnce: true)
        defer { withExtendedLifetime(interrupt) {} }
        let model = try await EditableModel.opened(model, options: engine)
        let records = Array(dataset.records.prefix(limit ?? .max))
        let report = try await model.conflicts(among: records)
        if output.json { return try Output.json(report) }
        for conflict in report.conflicts {
            Output.line("\(conflict.kind.rawValue)  \(conflict.description)")
        }
        Output.line(report.summary)
    }
}

extension ConflictReport {
    /// The counts in a sentence or two.
    var summary: String {
        let counts = Conflict.Kind.allCases.compactMap { kind in
            let count = conflicts.count { $0.kind == kind }
            return count == 0 ? nil : "\(count) \(kind.rawValue)"
        }
        let found =
            "\(edits.counted("edit")): "
            + (counts.isEmpty ? "no conflict" : counts.joined(separator: ", "))
        guard proven > 0 else { return found + "." }
        return found
            + ". Of \(proven) contradictions that equal questions prove, words and meaning "
            + "alone find \(foundOfProven) (recall \(percent(foundOfProven, proven))); of "
            + "\(foundByMeaning) they find, \(foundOfProven) are proven (precision at least "
            + "\(percent(foundOfProven, foundByMeaning)))."
    }

    private func percent(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "–" : "\((100 * Double(part) / Double(whole)).fixed(1)) %"
    }
}
