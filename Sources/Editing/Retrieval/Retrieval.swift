import Edits
package import LanguageModels
package import Tokenizers
import Torch

// Sizes: B rows, n stored rows, d width of the query.

/// Editing without training: the edits that a prompt is about are read before it.
///
/// What a lifelong editor must beat. Every wording of an edit is stored with the model's own hidden
/// state at its end, the *query*; a prompt whose query (and words) are near enough to a stored one
/// gets that edit put into its context, and any other is answered by the unedited model, bit for
/// bit. How well an edit is obeyed is up to the model's skill at using what it has just read.
package struct Retrieval: EditingMethod {
    package let model: CausalModel
    package let tokenizer: any Tokenizer
    package let config: RetrievalConfig
    /// What the base model writes while calibrating follows from it.
    let seed: UInt64
    /// Every wording that was learned, in order, and their queries, float32 [n, d].
    var rows: [EditRow] = []
    var queries: Tensor?
    /// Finds the stored prompts that a prompt may mean; nil before the first edit.
    var gate: MatchGate?
    /// Gate `cosine`: what the nearest stored prompt must reach.
    var leastCosine = 1.0

    /// Puts the stored edits that a prompt is about into its context.
    package func decide(_ prefix: PrefixActivations, prompts: [[Int]]) throws -> Decision {
        let query = try query(prefix, lengths: prompts.map(\.count))  // [B, d]
        let matches = try ranked(prompts, query: query)
        let contexts = zip(prompts, matches).map { prompt, matches in
            context(of: matches.filter { $0.distance < Self.edge }, before: prompt)
        }
        let traces = zip(matches, contexts).map { matches, context in
            trace(matches.first, isRead: !context.isEmpty)
        }
        let isRead = contexts.contains { !$0.isEmpty }
        return Decision(
            adaptation: nil, traces: traces, contexts: isRead ? contexts : nil)
    }

    /// What is read before a prompt: the nearest edits, the nearest last; as many as leave an eighth
    /// of the model's context to the answer, or what their own answers take, and nothing where not
    /// even one does.
    private func context(of matches: [Match], before prompt: [Int]) -> [Int] {
        // A start mark belongs before everything, and not between two edits.
        let start = tokenizer.encode("")
        let length = model.configuration.contextLength
        var context: [Int] = []
        for row in answers(to: matches).prefix(config.edits) {
            let longer = written(row) + context
            let answer = max(
                length / 8, tokens(row.target).count + model.configuration.endMark.count)
            guard start.count + longer.count + prompt.count + answer <= length else { break }
            context = longer
        }
        return context.isEmpty ? [] : start + context
    }

    /// The rows behind `matches`, nearest first, one for each fact: the latest.
    private func answers(to matches: [Match]) -> [EditRow] {
        var seen = Set<String>()
        return matches.map { latest(about: rows[$0.index]) }
            .filter { seen.insert($0.factKey).inserted }
    }

    /// The row that was learned last of those with the prompt or the fact of `row`: a later word
    /// supersedes an earlier one.
    func latest(about row: EditRow) -> EditRow {
        rows.last { $0.prompt == row.prompt || $0.factKey == row.factKey } ?? row
    }

    private func trace(_ match: Match?, isRead: Bool) -> RouteTrace {
        let nearest = match.map { latest(about: rows[$0.index]).editID }
        let scope = match.map { isRead ? Scope.edited($0) : .deferred($0) } ?? .deferred(nil)
        return RouteTrace(scope, nearestEdit: nearest, threshold: Self.edge, gate: .match)
    }

    /// An edit as it stands in a context.
    func written(_ row: EditRow) -> [Int] {
        let statement = "\(row.prompt) \(row.target.trimmingSpaces)"
        return switch config.template {
        case .plain: tokens(statement + "\n")
        case .twice: tokens("\(statement)\n\(statement)\n")
        case .newFact: tokens("New fact: \(statement)\nPrompt: ")
        case .document: tokens(statement) + model.configuration.endMark
        }
    }

    private func tokens(_ text: String) -> [Int] {
        tokenizer.encode(text, addSpecialTokens: false)
    }

    /// Where the gate's distance ends.
    private static var edge: Double { 1 }
}
