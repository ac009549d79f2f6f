import Errata

/// What the edits of one method cost.
struct LearningCost: Codable, Sendable, Equatable {
    var rows = 0
    private var seconds: [Double] = []
    private var steps: [Double] = []
    private var cpuSeconds: [Double] = []
    private var peakMemory = 0

    mutating func add(_ report: ApplyReport) {
        rows += report.rows
        for batch in report.batches where batch.edits > 0 {
            func shares(of whole: Double) -> [Double] {
                Array(repeating: whole / Double(batch.edits), count: batch.edits)
            }
            seconds += shares(of: batch.seconds)
            cpuSeconds += shares(of: batch.cpuSeconds)
            steps += shares(of: Double(batch.steps))
        }
        peakMemory = max(peakMemory, peakMemoryBytes())
    }

    func fill(_ row: inout MethodRow, from model: EditableModel) async throws {
        let summary = try await model.summary
        row.trainableParameters = summary.trainableParameters
        row.distinctCodes = await model.distinctCodes
        row.secondsPerEdit = Spread(seconds)
        row.cpuSecondsPerEdit = Statistics.mean(cpuSeconds)
        if cpuSeconds.count >= 10 {
            row.cpuSecondsByTenth = Statistics.means(cpuSeconds, parts: 10)
        }
        row.stepsPerEdit = Spread(steps)
        row.bytesPerEdit =
            row.edits == 0
            ? nil : Double(summary.constantBytes + summary.growingBytes) / Double(row.edits)
        row.peakMemoryBytes = max(peakMemory, peakMemoryBytes())
    }
}
