extension EditRecord {
    /// The most characters of a prompt's words in a name.
    private static let longestName = 60

    /// A name that people recognise, made of the words of a prompt: `the-ceo-of-aranth-works-is`.
    ///
    /// One name means one question, since an edit replaces what bears its name: where the prompt is
    /// more than these words and the mark it ends with, digits that follow from it stand behind them;
    /// behind a lone number too, which would name an event.
    package static func identifier(for prompt: String) -> String {
        let prompt = prompt.trimmed
        let words = prompt.lowercased().split { !$0.isLetter && !$0.isNumber }
        let name = words.joined(separator: "-")
        let isNumber = Ledger.number(in: name) != nil
        if !name.isEmpty, !isNumber, name.count <= longestName,
            isSaid(by: words, prompt.lowercased())
        {
            return name
        }
        let beginning = name.prefix(longestName).split(separator: "-").joined(separator: "-")
        return "\(beginning.isEmpty ? "edit" : beginning)-\(digits(of: prompt))"
    }

    /// Six digits that tell a prompt from others, the same in every run.
    package static func digits(of prompt: String) -> String {
        let hash = PromptWords.hash(ofBytes: prompt.utf8)
        // Folded, so that all bits of it count.
        let folded = hash ^ (hash >> 24) ^ (hash >> 48)
        return [16, 8, 0].map { UInt8(truncatingIfNeeded: folded >> UInt64($0)) }.hexadecimal
    }

    /// Whether `words` with spaces between them are the prompt but for the mark at its end.
    private static func isSaid(by words: [Substring], _ prompt: String) -> Bool {
        let said = words.joined(separator: " ")
        return prompt.hasPrefix(said)
            && prompt.dropFirst(said.count).allSatisfy { ".?!:".contains($0) }
    }
}
