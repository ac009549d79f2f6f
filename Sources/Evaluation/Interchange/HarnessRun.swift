import Foundation

/// One model's answers to some tasks: a folder of files in the layout of EleutherAI's
/// lm-evaluation-harness, PyPI's `lm-eval`, as of version 0.4.13.
struct HarnessRun: Sendable {
    /// What the model is called.
    let model: String
    /// What it was asked; tasks without answers are left out.
    let tasks: [HarnessTask]
    /// Tasks whose mean counts, where there is one: all of them.
    var group: HarnessGroup?
    /// How it was measured.
    let manifest: Manifest

    init(model: String, tasks: [HarnessTask], group: HarnessGroup? = nil, manifest: Manifest) {
        self.model = model
        self.tasks = tasks.filter { !$0.samples.isEmpty }
        self.group = group
        self.manifest = manifest
    }

    /// The folder's name, made from the model's as the harness makes it.
    var folder: String {
        let name = model.replacing(/["<>:\/|\\?*\[\]]+/, with: "__")
        // A model opened as `.` has no name; such a folder would be the one around it.
        return ["", ".", ".."].contains(name) ? "model" : name
    }

    /// When the run began, in the harness's form and UTC: its tools cut the date off at the last
    /// underscore and compare dates as texts.
    var date: String {
        let instant = manifest.date.prefix { $0 != "Z" }.replacing(":", with: "-")
        return String(instant) + ".000000"
    }

    /// Writes `results_<date>.json` and a `samples_<task>_<date>.jsonl` for each task into a folder of
    /// the model's own in `parent`; nothing of a model whose answers were not kept.
    ///
    /// - Throws: `EvaluationError` that names the file that could not be written.
    func write(in parent: ResultsFolder) throws {
        guard !tasks.isEmpty else { return }
        let folder = try ResultsFolder(parent.url.appending(path: folder))
        for task in tasks {
            let lines = task.samples.map { $0.json.text() + "\n" }
            try folder.write(Data(lines.joined().utf8), to: "samples_\(task.name)_\(date).jsonl")
        }
        let results = try results.text(indented: true)
        try folder.write(Data(results.utf8), to: "results_\(date).json")
    }
}
