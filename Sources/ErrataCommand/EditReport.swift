import Edits
import Errata
import Evaluation

/// What came of the transactions of one `errata edit`.
struct EditOutcome {
    var edits = 0
    var rows = 0
    var seconds = 0.0
    var gateSeconds = 0.0
    var batches = 0
    var steps = 0
    var leftOut = 0
    var isRepeated = false
    var transactions: [Int] = []
    var conflicts: [Conflict] = []
    var checks: [GateReport.Kind: (passed: Int, total: Int)] = [:]
    var rejections: [RejectedEdits] = []

    mutating func add(_ report: ApplyReport) {
        edits += report.edits
        rows += report.rows
        seconds += report.seconds
        gateSeconds += report.gate?.seconds ?? 0
        batches += report.batches.count
        steps += report.batches.reduce(0) { $0 + $1.steps }
        leftOut += report.leftOut
        isRepeated = isRepeated || report.isRepeated
        transactions += report.transaction.map { [$0] } ?? []
        conflicts += report.conflicts
        for check in report.gate?.checks ?? [] {
            checks[check.kind, default: (0, 0)].passed += check.passed
            checks[check.kind]!.total += check.total
        }
    }
}

/// What `errata edit` prints.
struct EditReport: Encodable {
    /// Probes of one kind, of all transactions together.
    struct Probes: Encodable {
        let kind: String
        let passed: Int
        let total: Int
    }

    let model: String
    let output: String
    let edits: Int
    /// Prompts and rephrasings together.
    let rows: Int
    let seconds: Double
    let secondsPerEdit: Double
    let gateSeconds: Double
    let stepsPerBatch: Double
    /// The events that name the transactions.
    let transactions: [Int]
    let probes: [Probes]
    let conflicts: [Conflict]
    let leftOut: Int
    let isRepeated: Bool
    /// Why transactions are not live, a sentence each.
    let rejected: [String]
    /// What the file held; absent for an edit from the command line.
    let data: DatasetReport?
    let summary: ModelSummary

    init(
        model: String, output: String, outcome: EditOutcome, data: DatasetReport?,
        summary: ModelSummary
    ) {
        self.model = model
        self.output = output
        self.data = data
        self.summary = summary
        edits = outcome.edits
        rows = outcome.rows
        seconds = outcome.seconds
        secondsPerEdit = outcome.edits == 0 ? 0 : outcome.seconds / Double(outcome.edits)
        gateSeconds = outcome.gateSeconds
        stepsPerBatch =
            outcome.batches == 0 ? 0 : Double(outcome.steps) / Double(outcome.batches)
        transactions = outcome.transactions
        conflicts = outcome.conflicts
        leftOut = outcome.leftOut
        isRepeated = outcome.isRepeated
        rejected = outcome.rejections.map(\.description)
        probes = GateReport.Kind.allCases.compactMap { kind in
            outcome.checks[kind].map {
                Probes(kind: kind.rawValue, passed: $0.passed, total: $0.total)
            }
        }
    }

    /// In a few lines.
    func print() {
        if let data {
            Output.line(data.summary + (data.edits > edits ? "; of these \(edits)" : ""))
        }
        for conflict in conflicts.prefix(5) {
            Output.line("\(conflict.kind.rawValue): \(conflict.description)")
        }
        if conflicts.count > 5 { Output.line("… and \(conflicts.count - 5) more.") }
        if leftOut > 0 {
            Output.line(
                "\(leftOut.counted("edit")) left out: the log says the same already, a later one of "
                    + "them says otherwise, or they have expired.")
        }
        if isRepeated {
            return Output.line("This request was made before; nothing was done.")
        }
        let prompts = rows == edits ? "" : " (\(rows.counted("prompt")))"
        Output.line(
            "Taught \(edits.counted("edit"))\(prompts) in \(seconds.seconds): "
                + "\(secondsPerEdit.seconds) per edit, \(stepsPerBatch.fixed(1)) steps per batch.")
        if !probes.isEmpty {
            let shares = probes.map { "\($0.kind) \($0.passed) of \($0.total)" }
            Output.line("Probed in \(gateSeconds.seconds): \(shares.joined(separator: ", ")).")
        }
        for rejection in rejected { Output.line("Not live: \(rejection)") }
        Output.line("Saved in \(output).")
    }
}
