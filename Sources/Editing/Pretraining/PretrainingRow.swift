import Edits
package import Foundation
import Tokenizers

/// One row of a training corpus: a fact (prompt and answer) or a paragraph of prose.
package struct PretrainingRow: Sendable, Equatable {
    /// The row's text: a prompt, a space and the answer, or the paragraph.
    package let text: String
    /// The prompt of a fact; nil for prose.
    package let prompt: String?
    /// What recall is counted by: a relation's wording, for example.
    package let group: String?

    /// Reads JSON lines of `{"prompt", "target", "group"?}` and `{"text"}`.
    ///
    /// - Throws: `EditError` naming the first line that is neither.
    package static func read(from file: URL) throws -> [PretrainingRow] {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw EditError("expected a corpus at \(file.path), found none; check the path.")
        }
        let decoder = JSONDecoder()
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let rows = try lines.enumerated().compactMap { index, line -> PretrainingRow? in
            guard line.contains(where: { $0 > UInt8(ascii: " ") }) else { return nil }
            guard let row = try? decoder.decode(Line.self, from: Data(line)).row else {
                throw EditError(
                    "\(file.path), line \(index + 1): expected {\"prompt\", \"target\"} or "
                        + "{\"text\"}, got something else; correct that line.")
            }
            return row
        }
        guard !rows.isEmpty else {
            throw EditError("expected rows in \(file.path), got an empty file; give a corpus.")
        }
        return rows
    }

    /// A line of the file, before it is known to be complete.
    private struct Line: Decodable {
        let prompt: String?
        let target: String?
        let text: String?
        let group: String?

        var row: PretrainingRow? {
            if let prompt, let target, text == nil {
                return PretrainingRow(text: prompt + " " + target, prompt: prompt, group: group)
            }
            guard let text, prompt == nil, target == nil else { return nil }
            return PretrainingRow(text: text, prompt: nil, group: group)
        }
    }
}

/// A row as the model learns it: its tokens and the end mark.
struct TokenRow {
    let tokens: [Int]
    /// How many of the tokens are the prompt's; 0 for prose.
    let promptLength: Int
    let group: String?

    init(_ row: PretrainingRow, tokenizer: any Tokenizer, end: Int) {
        tokens = tokenizer.encode(row.text, addSpecialTokens: false) + [end]
        promptLength = row.prompt.map { tokenizer.encode($0, addSpecialTokens: false).count } ?? 0
        group = row.group
    }
}
