import Evaluation
import Foundation

/// One moving line for each stage of a stream.
final class LabBars: @unchecked Sendable {
    private let lock = NSLock()
    private var label = ""
    private var bar: ProgressBar?

    func update(_ progress: Lab.Progress) {
        switch progress {
        case .stream(let stream):
            show(
                "\(stream.method) · \(stream.stage.rawValue)", stream.done, stream.total,
                stream.stage == .editing ? "edits" : "probes")
        case .tasks(let task, let done, let total):
            show("General tasks", done, total, "prompts", note: task.title)
        }
    }

    private func show(
        _ label: String, _ done: Int, _ total: Int, _ unit: String, note: String = ""
    ) {
        lock.withLock {
            if self.label != label {
                bar?.finish()
                self.label = label
                bar = ProgressBar(label, total: total, unit: unit, before: done)
            }
            bar?.update(done, note: note)
        }
    }

    func finish() { lock.withLock { bar?.finish() } }
}
