import Edits
import Foundation
import LanguageModels
import Tokenizers

/// One fact as ROME writes it: its prompt bare and behind sampled texts, and its subject alone.
struct Rewrite {
    let editID: String
    /// The bare prompt first, then one row for each sampled text.
    let rows: [SubjectRow]
    /// "… is a", whose next word shall stay what it is; nil where no subject is known.
    let essence: SubjectRow?
}

/// The tokens of a row, with the place of its subject's last one.
struct SubjectRow {
    let prompt: [Int]
    let target: [Int]
    /// Where the subject's last token stands; the last prompt token where there is no subject.
    let place: Int

    /// What the model reads: all but the last target token, which is only predicted.
    var tokens: [Int] { prompt + target.dropLast() }
}

extension Rewrite {
    /// The rewrites that an edit asks for: of its prompt, and of each other wording it teaches.
    ///
    /// A wording that does not name the subject exactly once is left out, unless the recipe takes
    /// the last token instead. A chat's opening stands behind no sampled text.
    ///
    /// - Throws: `EditError` for a prompt that does not, and for a row that makes no sense.
    static func all(
        of edit: EditRecord, contexts: [String], config: ROMEConfig, model: CausalModel,
        tokenizer: any Tokenizer
    ) throws -> [Rewrite] {
        let maker = RewriteMaker(
            edit: edit, config: config, configuration: model.configuration,
            tokenizer: tokenizer)
        if config.missingSubject == .refuse { try maker.requireSubject() }
        func isWritten(_ wording: String) -> Bool {
            config.missingSubject == .lastToken || maker.subjectEnd(in: wording) != nil
        }
        let chat = [edit.chatPrompt].compactMap(\.self).filter(isWritten)
        return try ([edit.prompt] + edit.rephrases.filter(isWritten)).map {
            try maker.rewrite($0, behind: contexts)
        } + chat.map { try maker.rewrite($0, behind: []) }
    }
}

/// Turns the prompts of one edit into tokens.
struct RewriteMaker {
    let edit: EditRecord
    let config: ROMEConfig
    let configuration: ModelConfiguration
    let tokenizer: any Tokenizer

    func rewrite(_ prompt: String, behind contexts: [String]) throws -> Rewrite {
        let end = subjectEnd(in: prompt)
        let rows = try ([""] + contexts).map { context in
            let before = context.isEmpty ? "" : context + ". "
            return try row(before + prompt, end: end.map { before.utf8.count + $0 })
        }
        return Rewrite(editID: edit.id, rows: rows, essence: try essence())
    }

    /// How many bytes of `prompt` reach to the subject's end; nil unless the prompt has the
    /// subject exactly once.
    func subjectEnd(in prompt: String) -> Int? {
        guard let subject = edit.subject, !subject.isEmpty else { return nil }
        let found = prompt.ranges(of: subject)
        return found.count == 1 ? prompt[..<found[0].upperBound].utf8.count : nil
    }

    func requireSubject() throws {
        guard subjectEnd(in: edit.prompt) == nil else { return }
        let found = edit.subject.map { "'\($0)', which is not there exactly once" } ?? "none"
        throw EditError(
            "edit '\(edit.id)': expected a subject that its prompt '\(edit.prompt)' names exactly "
                + "once, got \(found); give the subject, or set `missingSubject` to lastToken.")
    }

    private func row(_ prompt: String, end: Int?) throws -> SubjectRow {
        let row = EditRow(editID: edit.id, prompt: prompt, target: edit.target)
        let encoded = try EncodedRow(row, tokenizer: tokenizer, configuration: configuration)
        let ends = configuration.endMark.count
        return SubjectRow(
            prompt: encoded.prompt,
            target: config.learnsEnd ? encoded.target : encoded.target.dropLast(ends),
            place: try end.map { try place(of: $0, in: prompt, tokens: encoded.prompt) }
                ?? encoded.prompt.count - 1)
    }

    private func essence() throws -> SubjectRow? {
        guard let subject = edit.subject, !subject.isEmpty else { return nil }
        let text = subject + " is a"
        let tokens = tokenizer.encode(text)
        return SubjectRow(
            prompt: tokens, target: [],
            place: try place(of: subject.utf8.count, in: text, tokens: tokens))
    }

    private func place(of end: Int, in text: String, tokens: [Int]) throws -> Int {
        guard let place = tokenizer.place(of: end, in: text, tokens: tokens) else {
            throw EditError(
                "edit '\(edit.id)': expected a tokenizer that gives '\(text)' back as it was, got "
                    + "'\(tokenizer.decode(tokens))'; write the prompt that way.")
        }
        return place
    }
}

extension Tokenizer {
    /// Which of `tokens`, those of `text`, completes the first `end` bytes of it; nil where the text
    /// does not come back from its tokens.
    ///
    /// Found by decoding: the first token with which the decoded text begins as `text` does up to
    /// there. So it holds wherever a tokenizer cuts words or puts marks; white space, which some
    /// drop or add beside special tokens, does not count, nor does what stands before every text.
    func place(of end: Int, in text: String, tokens: [Int]) -> Int? {
        func isInk(_ byte: UInt8) -> Bool { byte != 0x20 && byte != 0x0A }
        let wanted = text.utf8.prefix(end).filter(isInk)
        let start = encode("").count
        return tokens.indices.dropFirst(start).first {
            decode(Array(tokens[start...$0]), skipSpecialTokens: false).utf8.filter(isInk)
                .starts(with: wanted)
        }
    }
}
