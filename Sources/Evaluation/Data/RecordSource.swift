import Edits
import Foundation

extension Data {
    /// The bytes without the mark that some programs put before UTF-8.
    var withoutByteOrderMark: Data {
        starts(with: [0xEF, 0xBB, 0xBF]) ? Data(dropFirst(3)) : self
    }
}

/// The objects of a data file, a JSON list or one object a line.
struct RecordSource {
    let records: [Fields]
    let isList: Bool

    /// The format that the first record's keys tell.
    var format: DatasetFormat? {
        DatasetFormat.detect(keys: Set(records[0].object.keys), isList: isList)
    }

    /// Reads `data`, whose objects people call `noun`s.
    init(_ data: Data, of noun: String = "edit") throws {
        let lines = EditRecord.lines(of: data.prefix(1 << 16))
        guard let first = lines.first?.text.first(where: { ![0x20, 0x09, 0x0D].contains($0) })
        else {
            throw EvaluationError("it is empty; give \(Self.shape(noun)).")
        }
        isList = first == UInt8(ascii: "[")
        records = try isList ? Self.list(data) : Self.lines(data, of: noun)
        if records.isEmpty { throw EvaluationError("its list is empty; it holds no \(noun).") }
    }

    private static func shape(_ noun: String) -> String {
        "a JSON list of \(noun)s, or one \(noun) a line"
    }

    private static func list(_ data: Data) throws -> [Fields] {
        guard let list = try? JSONSerialization.jsonObject(with: data) as? [Any] else {
            throw malformed(data, offset: 0)
        }
        return try list.enumerated().map { index, value in
            guard let object = value as? [String: Any] else {
                throw EvaluationError("record \(index + 1) should be a JSON object but is not.")
            }
            return Fields(number: index + 1, object: object)
        }
    }

    private static func lines(_ data: Data, of noun: String) throws -> [Fields] {
        try EditRecord.lines(of: data).map { number, text in
            guard let value = try? JSONSerialization.jsonObject(with: text) else {
                // An object over many lines is one JSON file, not JSON lines.
                if JSONFault.first(in: data) == nil {
                    throw EvaluationError("it is one JSON object; give \(shape(noun)).")
                }
                throw malformed(text, offset: number - 1)
            }
            guard let object = value as? [String: Any] else {
                throw EvaluationError("line \(number) should be a JSON object but is not.")
            }
            return Fields(number: number, object: object)
        }
    }

    private static func malformed(_ data: Data, offset: Int) -> EvaluationError {
        guard let fault = JSONFault.first(in: data) else {
            return EvaluationError(
                "from line \(offset + 1) on, it holds bytes that are not UTF-8 or a broken \\u "
                    + "escape; save it as UTF-8.")
        }
        let place = JSONFault(
            line: fault.line + offset, column: fault.column, expected: fault.expected)
        return EvaluationError("malformed JSON: \(place.sentence).")
    }
}
