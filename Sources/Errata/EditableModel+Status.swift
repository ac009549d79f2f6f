import EditStorage
import Editing
import Edits
import Foundation

/// How full a model is, and how well it still knows what it was taught.
public struct CapacityReport: Codable, Sendable, Equatable {
    /// Edits by what holds of them.
    public var live = 0
    public var pending = 0
    public var undone = 0
    public var superseded = 0
    public var rejected = 0
    /// Live edits whose validity has passed, by identifier.
    public var expired: [String] = []
    /// Edits that are taken back and not yet forgotten by the adapters.
    public var retired = 0
    public var method = ""
    public var version = 0

    /// Allocation codes; absent for a method without.
    public var codes: Codes?
    /// Distances of texts of the model's own to the nearest edit, in units of the gate's edge:
    /// below 1 they would be edited. Absent where no gate measures.
    public var margins: Margins?
    /// Live edits still answered with their target, of a sample, oldest third first.
    public var remembered: [Share] = []
    public var bytes = Bytes()
    /// The same with ten times the edits, where it can be told.
    public var forecast = Forecast()

    public struct Codes: Codable, Sendable, Equatable {
        public var used: Int
        public var possible: Double
        /// Pairs of live edits of different facts that share a code.
        public var collisions: Int
    }

    public struct Margins: Codable, Sendable, Equatable {
        public var least: Double
        public var median: Double
        /// Share of the texts that an edit covers.
        public var covered: Double
    }

    public struct Share: Codable, Sendable, Equatable {
        public var right: Int
        public var asked: Int
    }

    public struct Bytes: Codable, Sendable, Equatable {
        public var log = 0
        public var snapshots = 0
        /// Of the adapters: the same however many edits there are.
        public var constant = 0
        /// Of the adapters: grows with the edits.
        public var growing = 0
    }

    public struct Forecast: Codable, Sendable, Equatable {
        public var edits = 0
        public var growingBytes = 0
        public var logBytes = 0
        /// Pairs of codes that meet by chance: n²/2 over the codes there are, since codes that
        /// the same key shares do not count.
        public var collisions: Double?
    }
}

extension EditableModel {
    /// How full the model is, and how well it still knows what it was taught.
    ///
    /// - Parameter sample: live edits that are asked.
    public func status(sample: Int = 48) throws -> CapacityReport {
        var report = CapacityReport()
        let ledger = journal.ledger
        report.version = ledger.version
        report.method = journal.configuration.method
        for sequence in ledger.entries.keys {
            switch ledger.standing(of: sequence) {
            case .live: report.live += 1
            case .pending: report.pending += 1
            case .rejected: report.rejected += 1
            case .undone: report.undone += 1
            case .superseded: report.superseded += 1
            }
        }
        let live = Array(ledger.live.joined())
        report.retired = Set(adapters.batches.joined()).subtracting(live).count
        report.expired = ledger.expired(at: .now).map(\.record.id)
        report.codes = (adapters.method as? ELDER).map { elder in
            CapacityReport.Codes(
                used: elder.distinctCodes, possible: elder.possibleCodes,
                collisions: elder.collisions)
        }
        try measureMargins(&report)
        try measureMemory(&report, of: ledger.records(live), sample: sample)
        try measureBytes(&report)
        return report
    }

    private func measureMargins(_ report: inout CapacityReport) throws {
        guard report.live > 0 else { return }
        let traces = try adapters.method.traces(known().texts)
        let distances = traces.compactMap { trace in
            trace.distance.flatMap { distance in trace.threshold.map { distance / $0 } }
        }.sorted()
        guard !distances.isEmpty else { return }
        report.margins = CapacityReport.Margins(
            least: distances[0], median: distances[distances.count / 2],
            covered: Double(distances.count { $0 < 1 }) / Double(traces.count))
    }

    private func measureMemory(
        _ report: inout CapacityReport, of records: [EditRecord], sample: Int
    ) throws {
        let chosen = records.evenly(sample)
        guard !chosen.isEmpty else { return }
        let options = AnswerOptions(maximumTokens: chosen.longestAnswer(base.tokenizer))
        let answers = try answer(chosen.map(\.prompt), options: options)
        let isRight = zip(chosen, answers).map { $0.target == $1.text.trimmed }
        let third = (chosen.count + 2) / 3
        report.remembered = isRight.chunks(of: third).map {
            CapacityReport.Share(right: $0.count(where: \.self), asked: $0.count)
        }
    }

    private func measureBytes(_ report: inout CapacityReport) throws {
        let stored = adapters.method.storedBytes
        report.bytes.constant = stored.constant
        report.bytes.growing = stored.growing
        if let log = journal.log {
            report.bytes.log = log.logBytes
            report.bytes.snapshots = try log.namedFiles().reduce(0) { $0 + $1.bytes }
        }
        let edits = report.live * 10
        report.forecast = CapacityReport.Forecast(
            edits: edits, growingBytes: stored.growing * 10, logBytes: report.bytes.log * 10,
            collisions: report.codes.map { Double(edits) * Double(edits) / 2 / $0.possible })
    }
}
