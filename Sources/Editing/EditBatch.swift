package import Edits
package import LanguageModels
package import Tokenizers
package import Torch

// Sizes: B rows, T tokens of the longest row, N target tokens of all rows together.

/// One text to learn or to probe: a prompt and what shall follow it.
package struct EditRow: Codable, Sendable, Equatable {
    /// The edit this row teaches or probes.
    package let editID: String
    /// The fact it is about: rows that share it share their experts where a recipe says so.
    package let factKey: String
    package let prompt: String
    package let target: String

    package init(editID: String, factKey: String? = nil, prompt: String, target: String) {
        self.editID = editID
        self.factKey = factKey ?? prompt
        self.prompt = prompt
        self.target = target
    }
}

extension EditRecord {
    /// Every taught wording, all with the one target.
    package var rows: [EditRow] {
        wordings.map {
            EditRow(editID: id, factKey: factKey, prompt: $0, target: target)
        }
    }
}

/// Rows as the model reads them: prompt, space, target, end mark; padded on the right.
package struct EditBatch {
    package let tokens: TokenBatch
    /// The tokens of each row's prompt; the query stands at the last of them.
    package let prompts: [[Int]]
    /// The tokens of each row's target, the end mark included.
    package let targets: [[Int]]
    /// Where target tokens are predicted, as positions in the flattened [B · T] rows: [N].
    package let positions: Tensor
    /// The target tokens: [N].
    package let labels: Tensor

    /// - Throws: `EditError` for a row that makes no sense to the tokenizer or does not fit.
    package init(_ rows: [EditRow], model: CausalModel, tokenizer: any Tokenizer) throws {
        let encoded = try rows.map {
            try EncodedRow($0, tokenizer: tokenizer, configuration: model.configuration)
        }
        try self.init(encoded, device: model.device)
    }

    /// Puts encoded rows side by side.
    init(_ rows: [EncodedRow], device: Device) throws {
        tokens = try TokenBatch(rows.map { $0.prompt + $0.target }, device: device)
        prompts = rows.map(\.prompt)
        targets = rows.map(\.target)
        let width = tokens.width
        let places = rows.enumerated().flatMap { index, row in
            // The token before a target token is where it is predicted.
            row.target.indices.map { index * width + row.prompt.count + $0 - 1 }
        }
        positions = try Tensor(places, shape: [places.count], device: device)
        labels = try Tensor(rows.flatMap(\.target), shape: [places.count], device: device)
    }

    package var promptLengths: [Int] { prompts.map(\.count) }
    package var targetLengths: [Int] { targets.map(\.count) }

    /// The float32 logits that predict the targets, from the final hidden states: [N, V].
    package func targetLogits(_ hidden: Tensor, model: CausalModel) throws -> Tensor {
        // Only these few of the B · T positions reach the vocabulary.
        try model.logits(
            hidden.reshaped([-1, hidden.size(-1)]).selected(dim: 0, index: positions))
    }
}

/// The tokens of one row, cut into prompt and target.
struct EncodedRow {
    let prompt: [Int]
    /// With the end mark.
    let target: [Int]
}

extension EncodedRow {
    /// - Throws: `EditError` for a prompt or a target without tokens, and for a row that does not
    ///   fit the context.
    init(_ row: EditRow, tokenizer: any Tokenizer, configuration: ModelConfiguration) throws {
        let text = row.target.trimmingSpaces
        guard !text.isEmpty else {
            throw EditError(
                "edit '\(row.editID)': expected a target of at least one token, got "
                    + "'\(row.target)'; give the words the model shall answer.")
        }
        // A chat's opening may end in a line break, after which an answer begins without a space.
        let joint = row.prompt.last?.isWhitespace == true ? "" : " "
        let whole = tokenizer.encode(row.prompt + joint + text)
        let alone = tokenizer.encode(row.prompt)
        guard !alone.isEmpty else {
            throw EditError("edit '\(row.editID)': expected a prompt, got none; give the question.")
        }
        // Where the tokenizer merges across the seam the target is encoded by itself, so that a
        // question asked later meets the very tokens that were taught.
        let answer =
            whole.starts(with: alone) && whole.count > alone.count
            ? Array(whole.dropFirst(alone.count))
            : tokenizer.encode(joint + text, addSpecialTokens: false)
        prompt = alone
        target = answer + configuration.endMark
        guard prompt.count + target.count <= configuration.contextLength else {
            throw EditError(
                "edit '\(row.editID)': expected at most \(configuration.contextLength) tokens, the "
                    + "model's context, got \(prompt.count + target.count); shorten the prompt.")
        }
    }
}

extension Tokenizer {
    /// `prompt` as a gate hears it asked: read from its tokens, in which a chat template's special
    /// ones say nothing.
    func heard(_ prompt: String) -> String { decode(encode(prompt)) }
}

extension String {
    /// Without white space at either end.
    package var trimmingSpaces: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
