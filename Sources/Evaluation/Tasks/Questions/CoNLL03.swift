import Edits
import Foundation

extension GeneralTask {
    /// CoNLL-2003, named entities: one token a line, `token POS chunk tag`, and a blank line between
    /// sentences; four questions a sentence. The marks between documents are no sentences.
    static func conll03(_ data: Data) throws -> [[Question]] {
        try TaggedSentence.all(in: data).filter { !$0.isDocumentMark }.map { sentence in
            [
                ("Person", "PER"), ("Location", "LOC"), ("Organization", "ORG"),
                ("Miscellaneous", "MISC"),
            ].map { name, tag in
                Question(
                    "Please identify \(name) Entity from the given text. "
                        + "Text: \(sentence.text) Entity:",
                    .entities(sentence.entities(tag)), part: name)
            }
        }
    }
}

/// Tokens with the tags of their entities.
private struct TaggedSentence {
    var tokens: [(text: String, tag: String)] = []

    /// Every sentence of a file.
    static func all(in data: Data) throws -> [TaggedSentence] {
        var sentences = [TaggedSentence()]
        var number = 0
        for (next, line) in EditRecord.lines(of: data) {
            // Blank lines are left out, so a gap in the numbers ends a sentence.
            if next > number + 1 { sentences.append(TaggedSentence()) }
            sentences[sentences.count - 1].tokens.append(
                try GeneralTask.at("line", next) { try token(line) })
            number = next
        }
        return sentences.filter { !$0.tokens.isEmpty }
    }

    private static func token(_ line: Data) throws -> (text: String, tag: String) {
        let cells = try GeneralTask.text(line).split(separator: " ").map(String.init)
        guard cells.count == 4, cells[3].wholeMatch(of: /O|[BI]-(PER|LOC|ORG|MISC)/) != nil else {
            throw EvaluationError("expected `token POS chunk tag` with a tag such as B-PER or O")
        }
        return (cells[0], cells[3])
    }

    var isDocumentMark: Bool { tokens[0].text == "-DOCSTART-" }

    /// The tokens as the benchmark joins them: no space before a comma or a full stop, and the first
    /// character, a space, left out.
    var text: String {
        let joined = tokens.map { [",", "."].contains($0.text) ? $0.text : " " + $0.text }
        return String(joined.joined().dropFirst())
    }

    /// The entities of one kind, their tokens joined by spaces.
    func entities(_ kind: String) -> [String] {
        var entities: [[String]] = []
        var isInside = false
        for (text, tag) in tokens {
            let isOfKind = tag.hasSuffix("-" + kind)
            if isOfKind && !(isInside && tag.hasPrefix("I-")) { entities.append([]) }
            if isOfKind { entities[entities.count - 1].append(text) }
            isInside = isOfKind
        }
        return entities.map { $0.joined(separator: " ") }
    }
}
