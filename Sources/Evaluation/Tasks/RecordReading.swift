import Edits
import Foundation

extension GeneralTask {
    /// Reads each object of a JSON list or of JSON lines.
    static func objects(
        _ data: Data, _ questions: (Fields) throws -> [Question]
    ) throws -> [[Question]] {
        let source = try RecordSource(data, of: "record")
        return try source.records.map { fields in
            try at(source.isList ? "record" : "line", fields.number) { try questions(fields) }
        }
    }

    /// Reads each row of a table whose cells are parted by tabs and never quoted, under a heading.
    static func rows(
        _ data: Data, columns: [String], _ question: ([String]) throws -> Question
    ) throws -> [[Question]] {
        let lines = EditRecord.lines(of: data)
        guard let heading = lines.first, try cells(heading.text) == columns else {
            throw EvaluationError(
                "its first line should be the heading \(columns.joined(separator: ", ")), parted by "
                    + "tabs.")
        }
        return try lines.dropFirst().map { number, text in
            try at("line", number) {
                let cells = try cells(text)
                guard cells.count == columns.count else {
                    throw EvaluationError(
                        "expected \(columns.count) cells parted by tabs, got \(cells.count)")
                }
                return [try question(cells)]
            }
        }
    }

    /// The text of a line, without the mark that ends it on Windows.
    static func text(_ line: Data) throws -> String {
        let bytes = line.last == 0x0D ? line.dropLast() : line
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EvaluationError("expected UTF-8, got other bytes")
        }
        return text
    }

    private static func cells(_ line: Data) throws -> [String] {
        try text(line).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }

    /// Runs `body` and says of an error where it happened.
    static func at<Result>(
        _ unit: String, _ number: Int, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let error as EvaluationError {
            throw EvaluationError("\(unit) \(number): \(error.message).")
        }
    }
}
