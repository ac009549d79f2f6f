public import Foundation

extension EditRecord {
    /// Reads an Errata file: one JSON object a line, blank lines ignored. A record without `id` is
    /// named after its prompt; where that asks what an earlier one does, after its line too.
    ///
    /// - Throws: `EditError` that names the line: malformed JSON, an unknown key, a missing prompt
    ///   or target, an `id` that occurred before; or that the file holds no edit.
    public static func decode(jsonLines data: Data) throws -> [EditRecord] {
        let decoder = JSONDecoder()
        var firstLine: [String: Int] = [:]
        var records: [EditRecord] = []
        for (number, line) in lines(of: data) {
            do {
                var record = try decoder.decode(EditRecord.self, from: line)
                if record.id.isEmpty {
                    let name = identifier(for: record.prompt)
                    record.id = firstLine[name] == nil ? name : "\(name)-line-\(number)"
                }
                if let earlier = firstLine.updateValue(number, forKey: record.id) {
                    throw EditError("the id `\(record.id)` was already used on line \(earlier)")
                }
                records.append(record)
            } catch {
                throw EditError(
                    "The edit on line \(number) cannot be read: \(sentence(for: error)).")
            }
        }
        guard !records.isEmpty else {
            throw EditError(
                "The file holds no edit; write one JSON object a line, with `prompt` and `target`.")
        }
        return records
    }

    /// The text that `decode(jsonLines:)` reads.
    public static func encode(_ records: [EditRecord]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Data(try records.map { try encoder.encode($0) + [0x0A] }.joined())
    }

    /// The lines that hold more than white space, with their numbers from 1.
    package static func lines(of data: Data) -> [(number: Int, text: Data)] {
        data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
            .map { (number: $0.offset + 1, text: $0.element) }
            .filter { line in line.text.contains { ![0x20, 0x09, 0x0D].contains($0) } }
    }
}

extension String {
    /// This text without white space and line ends around it.
    package var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// Whether `text` is a day (2026-01-31) or an instant (2026-01-31T12:00:00Z).
func isISO8601(_ text: String) -> Bool {
    let day = Date.ISO8601FormatStyle().year().month().day()
    return (try? day.parse(text)) != nil && text.count == 10
        || (try? Date.ISO8601FormatStyle().parse(text)) != nil
}
