import Edits

/// What was measured of one stream: `stream.json`.
package struct StreamRecord: Codable, Sendable, Equatable {
    /// What was measured.
    package var stream: EditStream
    /// How.
    package var manifest: Manifest
    /// What the data held.
    package var dataset: DatasetReport
    /// A row for each mark, the last at the end of the stream.
    package var rows: [MethodRow]
    /// Route codes of a few prompts at the end, for a method that has them.
    package var codes: [CodePoint]
    /// The general tasks before and after the stream; absent where they were not asked.
    package var tasks: [TaskSummary]?

    /// At the end of the stream.
    package var row: MethodRow { rows[rows.count - 1] }

    /// As tables call it.
    package var title: String { row.method }
}

/// The route code of a prompt, whose words stay with the rows: a record quotes no data set.
package struct CodePoint: Codable, Sendable, Equatable {
    /// What the prompt is to its edit.
    package var kind: Probe.Kind
    /// Its edit's place in the stream.
    package var index: Int
    /// In hexadecimal.
    package var code: String

    /// Different bits.
    package func distance(to other: CodePoint) -> Int {
        zip(code, other.code).reduce(0) { sum, digits in
            let left = digits.0.hexDigitValue ?? 0
            return sum + (left ^ (digits.1.hexDigitValue ?? 0)).nonzeroBitCount
        }
    }
}

extension [CodePoint] {
    /// The codes of the first `edits` edits with their rephrasings, and of `unrelated` prompts.
    init(_ outcomes: [ProbeOutcome], edits: Int = 5, unrelated: Int = 20) {
        let points = outcomes.filter { $0.moment == .atEnd }.compactMap { outcome in
            outcome.trace?.code.map {
                CodePoint(kind: outcome.probe.kind, index: outcome.probe.index, code: $0)
            }
        }
        self = points.filter { $0.kind.isCovered && $0.index < edits }
        self += points.filter { $0.kind == .unrelated }.prefix(unrelated)
    }
}

/// What became of a stream: what one process hands to another.
package enum StreamOutcome: Codable, Sendable, Equatable {
    case measured(StreamResult)
    /// Why it could not be measured, in one sentence.
    case failed(String)
}

/// A record with the probes and prompts behind it.
package struct StreamResult: Codable, Sendable, Equatable {
    package var record: StreamRecord
    package var outcomes: [ProbeOutcome]
    package var tasks: [RetentionRow]
}
