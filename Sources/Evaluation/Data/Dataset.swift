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
    /// - Parameters:
    ///   - target: which answer a zsRE record in MEND style teaches; others ignore it.
    ///   - isConsistent: leaves out what contradicts an earlier edit.
    /// - Throws: `EvaluationError` in one sentence that names the file and the place: missing,
    ///   empty, malformed at a line, of an unknown format, or a record without what it needs.
    package static func read(
        _ url: URL, format: DatasetFormat? = nil, target: ZsRETarget = .alternative,
        isConsistent: Bool = false
    ) throws -> Dataset {
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw EvaluationError(
                "The data file \(url.path) cannot be read; is it there, and is it a file?")
        }
        do {
            return try read(data, format: format, target: target, isConsistent: isConsistent)
        } catch {
            throw EvaluationError(
                "The data file \(url.path) cannot be used: \(sentence(for: error))")
        }
    }

    /// The same edits where nobody wrote down what they are about.
    package func withoutSubjects() -> Dataset {
        var dataset = self
        for index in records.indices { dataset.records[index].subject = nil }
        return dataset
    }

    /// Reads `data` as `read(_:format:target:isConsistent:)` reads a file.
    package static func read(
        _ data: Data, format: DatasetFormat? = nil, target: ZsRETarget = .alternative,
        isConsistent: Bool = false
    ) throws -> Dataset {
        let data = data.withoutByteOrderMark
        let source = try RecordSource(data)
        guard let format = format ?? source.format else {
            let keys = source.records[0].object.keys.sorted().map { "`\($0)`" }
            throw EvaluationError(
                "its format is not known, since the first record has the keys "
                    + "\(keys.joined(separator: ", ")); name one with --format.")
        }
        if format == .errata { return try readErrata(data, isConsistent) }
        return try read(source.records, as: format, target: target, isConsistent)
    }

    private static func readErrata(_ data: Data, _ isConsistent: Bool) throws -> Dataset {
        var dataset = Dataset(records: [], report: DatasetReport(format: .errata, target: nil))
        for (place, record) in try EditRecord.decode(jsonLines: data).enumerated() {
            var record = record
            // A blank answer is none.
            if record.formerAnswer == "" { record.formerAnswer = nil }
            dataset.add(
                record, number: place + 1, fact: record.factKey, knownAnswers: [], isConsistent)
        }
        return dataset
    }

    private mutating func add(
        _ record: EditRecord, number: Int, fact: String, knownAnswers: [String],
        _ isConsistent: Bool
    ) {
        if isConsistent && report.isContradicted(record, fact: fact) {
            report.skipped.append(.init(record: number, reason: "contradicts an earlier one"))
            return
        }
        report.note(record, fact: fact, knownAnswers: knownAnswers)
        records.append(record)
    }

    private static func read(
        _ sources: [Fields], as format: DatasetFormat, target: ZsRETarget, _ isConsistent: Bool
    ) throws -> Dataset {
        let report = DatasetReport(format: format, target: format == .zsREMend ? target : nil)
        var dataset = Dataset(records: [], report: report)
        dataset.records.reserveCapacity(sources.count)
        var names: Set<String> = []
        for fields in sources {
            do {
                let draft = try Draft(fields, format: format, target: target)
                if let reason = draft.reasonToSkip {
                    dataset.report.skipped.append(.init(record: fields.number, reason: reason))
                    continue
                }
                var record = try draft.record()
                if !names.insert(record.id).inserted {
                    record.id += "-record-\(fields.number)"
                    names.insert(record.id)
                }
                dataset.add(
                    record, number: fields.number, fact: draft.fact,
                    knownAnswers: draft.knownAnswers, isConsistent)
            } catch {
                throw EvaluationError(
                    "record \(fields.number) as \(format.rawValue): \(sentence(for: error)).")
            }
        }
        guard !dataset.records.isEmpty else {
            let skipped = dataset.report.skipped[0]
            throw EvaluationError(
                "none of its \(sources.count) records can be used (record "
                    + "\(skipped.record): \(skipped.reason)).")
        }
        return dataset
    }
}
