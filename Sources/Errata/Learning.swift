import Editing
import Edits
import Foundation
import LanguageModels
import Torch

extension EditingMethod {
    /// Learns `edits` in the batches that the method wants, and says what it took.
    mutating func learn(
        _ edits: [EditRecord], reporting onProgress: (EditProgress) throws -> Void
    ) throws -> ApplyReport {
        let device = model.device
        var report = ApplyReport(of: edits)
        report.preparationSeconds = try seconds(on: device) { try prepare() }
        let groups = try plan(edits)?.map { $0.map { edits[$0] } } ?? [edits]
        var callbacks = 0.0
        let start = cpuSeconds()
        var (last, lastCPU) = (ContinuousClock.now, start)
        let total = try seconds(on: device) {
            for group in groups {
                let before = report.edits
                try learn(group) { progress in
                    try Engine.synchronize(device)
                    if report.batches.count % 64 == 63 { Engine.releaseFreedMemory() }
                    let finished = before + progress.edits
                    report.batches.append(
                        ApplyReport.Batch(
                            edits: finished - report.edits,
                            seconds: (ContinuousClock.now - last).inSeconds,
                            cpuSeconds: cpuSeconds() - lastCPU, steps: progress.steps))
                    report.edits = finished
                    callbacks += try seconds(on: device) {
                        try onProgress(
                            EditProgress(
                                edits: finished, totalEdits: edits.count, steps: progress.steps,
                                loss: progress.loss))
                    }
                    (last, lastCPU) = (.now, cpuSeconds())
                }
            }
        }
        report.seconds = total - callbacks
        report.cpuSeconds = cpuSeconds() - start
        return report
    }
}

/// Seconds of all cores together that this process has taken.
private func cpuSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

/// Seconds of `body`, the device synchronised.
private func seconds(on device: Device, _ body: () throws -> Void) throws -> Double {
    let start = ContinuousClock.now
    try body()
    try Engine.synchronize(device)
    return (ContinuousClock.now - start).inSeconds
}

extension Duration {
    /// As a number.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
