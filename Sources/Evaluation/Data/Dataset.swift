package import Edits
package import Foundation

/// Edits read from a file, with an account of what the file held.
package struct Dataset: Sendable, Equatable {
    /// The edits in file order.
    package var records: [EditRecord]
    /// What was found, repeated, contradicted and left out.
    package var report: DatasetReport

    /// Reads the file at `url`, in the named format or the one its first record tells.
    ///
    /// - Parameter target: which answer a zsRE record in MEND style teaches; others ignore it.
    /// - Throws: `EvaluationError` in one sentence that names the file and the place: missing,
    ///   empty, malformed at a line, of an unknown format, or a record without what it needs.
    package static func read(
        _ url: URL, format: DatasetFormat? = nil, target: ZsRETarget = .alternative
    ) throws -> Dataset {
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw EvaluationError(
                "The data file \(url.path) cannot be read; is it there, and is it a file?")
        }
        do {
            return try read(data, format: format, target: target)
        } catch {
            throw EvaluationError(
                "The data file \(url.path) cannot be used: \(sentence(for: error))")
        }
    }

    /// Reads `data` as `read(_:format:target:)` reads a file.
    package static func read(
        _ data: Data, format: DatasetFormat? = nil, target: ZsRETarget = .alternative
    ) throws -> Dataset {
        let source = try RecordSource(data)
        guard let format = format ?? source.format else {
            let keys = source.records[0].object.keys.sorted().map { "`\($0)`" }
            throw EvaluationError(
                "its format is not known, since the first record has the keys "
                    + "\(keys.joined(separator: ", ")); name one with --format.")
        }
        if format == .errata { return try readErrata(data) }
        return try read(source.records, as: format, target: target)
    }

    private static func readErrata(_ data: Data) throws -> Dataset {
        let records = try EditRecord.decode(jsonLines: data)
        var report = DatasetReport(format: .errata, target: nil)
        for record in records { report.note(record, fact: record.factKey, knownAnswers: []) }
        return Dataset(records: records, report: report)
    }

    private static func read(
        _ sources: [Fields], as format: DatasetFormat, target: ZsRETarget
    ) throws -> Dataset {
        var report = DatasetReport(format: format, target: format == .zsREMend ? target : nil)
        var records: [EditRecord] = []
        records.reserveCapacity(sources.count)
        var names: Set<String> = []
        for fields in sources {
            do {
                let draft = try Draft(fields, format: format, target: target)
                if let reason = draft.reasonToSkip {
                    report.skipped.append(.init(record: fields.number, reason: reason))
                    continue
                }
                var record = try draft.record()
                if !names.insert(record.id).inserted {
                    record.id += "-record-\(fields.number)"
                    names.insert(record.id)
                }
                report.note(record, fact: draft.fact, knownAnswers: draft.knownAnswers)
                records.append(record)
            } catch {
                throw EvaluationError(
                    "record \(fields.number) as \(format.rawValue): \(sentence(for: error)).")
            }
        }
        guard !records.isEmpty else {
            throw EvaluationError(
                "none of its \(sources.count) records can be used (record "
                    + "\(report.skipped[0].record): \(report.skipped[0].reason)).")
        }
        return Dataset(records: records, report: report)
    }
}
