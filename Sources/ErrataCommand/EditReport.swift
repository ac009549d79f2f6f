import Edits
import Errata
import Evaluation

/// What `errata edit` prints.
struct EditReport: Encodable {
    let model: String
    let output: String
    let edits: Int
    /// Prompts and rephrasings together.
    let rows: Int
    let seconds: Double
    let secondsPerEdit: Double
    let stepsPerBatch: Double
    let answered: Taught
    /// What the file held; absent for an edit from the command line.
    let data: DatasetReport?
    let summary: ModelSummary

    /// In three or four lines.
    func print() {
        if let data {
            let part = data.edits > edits ? "; of these the first \(edits)" : ""
            Output.line(data.summary + part)
        }
        let prompts = rows == edits ? "" : " (\(rows.counted("prompt")))"
        Output.line(
            "Taught \(edits.counted("edit"))\(prompts) in \(seconds.seconds): "
                + "\(secondsPerEdit.seconds) per edit, \(stepsPerBatch.fixed(1)) steps per batch.")
        Output.line(
            "Answered with their target now: \(answered.right) of "
                + "\(answered.total.counted("taught prompt")).")
        Output.line("Saved in \(output).")
    }
}

/// How many of the taught prompts are answered with their target: teacher-forced, right only when
/// every token is, the end mark included.
struct Taught: Encodable, Equatable {
    var right = 0
    var total = 0

    init(_ edits: [EditRecord], model: EditableModel, interrupt: Interrupt) async throws {
        let probes = edits.flatMap { edit in
            ([edit.prompt] + edit.rephrases).map { (prompt: $0, target: edit.target) }
        }
        let bar = ProgressBar("Checking", total: probes.count, unit: "prompts")
        defer { bar.finish() }
        for start in stride(from: 0, to: probes.count, by: 128) {
            try interrupt.check()
            let scores = try await model.score(
                Array(probes[start..<min(start + 128, probes.count)]))
            right += scores.count { $0.isRight.allSatisfy(\.self) }
            total += scores.count
            bar.update(total)
        }
    }
}
