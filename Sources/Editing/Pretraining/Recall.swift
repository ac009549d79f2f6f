import Edits
package import LanguageModels
package import Tokenizers
import Torch

/// How many facts a model knows, by group.
package struct Recall: Sendable, Equatable {
    /// One group's count.
    package struct Count: Sendable, Equatable, Codable {
        package var right = 0
        package var total = 0
        /// Between 0 and 1.
        package var share: Double { total == 0 ? 0 : Double(right) / Double(total) }
    }

    package private(set) var groups: [String: Count] = [:]

    package var overall: Count {
        groups.values.reduce(into: Count()) {
            $0.right += $1.right
            $0.total += $1.total
        }
    }

    /// Asks for every fact of `rows`: teacher-forced, and right only when the argmax is right at
    /// every token of the answer, the end mark included. Prose is left out.
    ///
    /// - Throws: `EditError` for a tokenizer without an end mark.
    package init(
        of rows: [PretrainingRow], in model: CausalModel, tokenizer: any Tokenizer
    ) throws {
        guard let end = tokenizer.endOfText else {
            throw EditError("expected a tokenizer with an end-of-text token, got one without.")
        }
        let facts = rows.lazy.filter { $0.prompt != nil }
            .map { TokenRow($0, tokenizer: tokenizer, end: end) }
            .sorted { $0.tokens.count < $1.tokens.count }
        for start in stride(from: 0, to: facts.count, by: Self.batchRows) {
            let batch = Array(facts[start..<min(start + Self.batchRows, facts.count)])
            let right = try withoutGradients { try Self.right(batch, model: model) }
            for (row, right) in zip(batch, right) {
                groups[row.group ?? "facts", default: Count()].right += right ? 1 : 0
                groups[row.group ?? "facts", default: Count()].total += 1
            }
        }
    }

    private static let batchRows = 128

    /// Whether each row's whole answer is predicted.
    private static func right(_ rows: [TokenRow], model: CausalModel) throws -> [Bool] {
        let width = rows.map { $0.tokens.count - 1 }.max()!
        let batch = try PretrainingBatch(rows, width: width, device: model.device)
        let predicted = try model.logits(model.hidden(batch.tokens)).argmax(dim: -1).ints()
        return rows.enumerated().map { index, row in
            // The token before an answer's token is where it is predicted.
            (max(1, row.promptLength)..<row.tokens.count).allSatisfy {
                predicted[index * width + $0 - 1] == row.tokens[$0]
            }
        }
    }
}
