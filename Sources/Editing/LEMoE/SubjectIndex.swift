import Tokenizers

/// The subjects of the edits, as tokens, to find the one that a prompt is about.
///
/// A subject is written in other tokens at the start of a text than after a space; both forms stand
/// for the same tokens here, so that a rephrasing is pooled like the prompt it rephrases.
struct SubjectIndex: Codable, Equatable {
    /// By the first token of each form.
    private var forms: [Int: [Form]] = [:]

    private struct Form: Codable, Equatable {
        let tokens: [Int]
        /// The tokens the subject is known by: those after a space.
        let subject: [Int]
    }

    /// Where a subject stands in a prompt.
    struct Occurrence: Equatable {
        let positions: Range<Int>
        let subject: [Int]
    }

    /// Adds a subject; one that is known already changes nothing.
    mutating func insert(_ subject: String, tokenizer: any Tokenizer) {
        let texts = [" " + subject, subject].map {
            tokenizer.encode($0, addSpecialTokens: false)
        }
        for tokens in texts where !tokens.isEmpty {
            let form = Form(tokens: tokens, subject: texts[0])
            guard forms[tokens[0]]?.contains(where: { $0.tokens == tokens }) != true else {
                continue
            }
            forms[tokens[0], default: []].append(form)
        }
    }

    /// The longest subject in `prompt`, and of equally long ones the first.
    func occurrence(in prompt: [Int]) -> Occurrence? {
        var best: Occurrence?
        for start in prompt.indices {
            for form in forms[prompt[start]] ?? []
            where form.tokens.count > best?.positions.count ?? 0
                && prompt[start...].starts(with: form.tokens)
            {
                best = Occurrence(
                    positions: start..<start + form.tokens.count, subject: form.subject)
            }
        }
        return best
    }

    /// What the index takes.
    var byteCount: Int {
        forms.values.joined().reduce(0) { $0 + ($1.tokens.count + $1.subject.count) * 8 }
    }
}
