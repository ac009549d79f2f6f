import Editing
public import Edits
public import Foundation
import LanguageModels
import Tokenizers
import Torch

/// A language model that can be corrected.
///
///     let model = try EditableModel(opening: URL(filePath: "Models/world-gpt2"))
///     try await model.apply([EditRecord(id: "1", prompt: "The capital of Aranth is", target: "Oslo")])
///     let answer = try await model.ask("The capital of Aranth is")
///     print(answer.before.text, "→", answer.after.text, answer.after.trace)
///     try await model.save(to: URL(filePath: "aranth.edited"))
///
/// Edits land whole or not at all: when learning fails or is stopped, the model is what it was
/// before the call.
public actor EditableModel {
    private let queue = EngineQueue()
    private let options: ModelOptions
    private let base: BaseModel
    private var method: any EditingMethod

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        queue.asUnownedSerialExecutor()
    }

    /// Opens a checkpoint in the Hugging Face layout, or a model that `save(to:)` wrote.
    ///
    /// - Parameter editor: the method for a fresh checkpoint, ELDER's default preset unless given;
    ///   a saved model keeps its own, and giving one is an error.
    /// - Throws: one sentence naming the file, tensor or option that does not fit.
    public init(
        opening directory: URL, options: ModelOptions = ModelOptions(), editor: Editor? = nil
    ) throws {
        self.options = options
        try Engine.setThreads(options.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        if let saved = try SavedModel(in: directory) {
            guard editor == nil else {
                throw ErrataError(
                    "\(directory.path) is an edited model and keeps its own method and recipe; "
                        + "leave --preset and --set out, or start from its base, \(saved.base).")
            }
            base = try BaseModel(URL(filePath: saved.base), options: options)
            try saved.requireBase(base)
            method = try saved.method.restore(
                saved.state(in: directory), model: base.model, tokenizer: base.tokenizer)
        } else {
            base = try BaseModel(directory, options: options)
            method = try (editor ?? .elder(.default)).method(
                model: base.model, tokenizer: base.tokenizer, seed: options.seed)
        }
    }

    /// Starts anew with another method on the same base model: nothing is learned yet.
    public func restart(with editor: Editor) throws {
        method = try editor.method(
            model: base.model, tokenizer: base.tokenizer, seed: options.seed)
    }

    /// Learns `edits` in their order.
    ///
    /// - Parameter onProgress: called after each batch; an error thrown from it stops the learning.
    /// - Throws: the first edit's fault in one sentence, or what `onProgress` threw. The model is
    ///   then what it was before.
    @discardableResult
    public func apply(
        _ edits: [EditRecord], onProgress: (EditProgress) throws -> Void = { _ in }
    ) throws -> ApplyReport {
        guard !edits.isEmpty else {
            throw ErrataError("expected at least one edit, got none; give a prompt and a target.")
        }
        let before = try method.state().copied()
        do {
            return try learn(edits, onProgress: onProgress)
        } catch {
            method = try SavedMethod(method).restore(
                before, model: base.model, tokenizer: base.tokenizer)
            throw error
        }
    }

    private func learn(
        _ edits: [EditRecord], onProgress: (EditProgress) throws -> Void
    ) throws -> ApplyReport {
        var report = ApplyReport(rows: edits.reduce(0) { $0 + 1 + $1.rephrases.count })
        report.preparationSeconds = try timed { try method.prepare() }
        var finished = 0
        var callbacks = 0.0
        var last = ContinuousClock.now
        let seconds = try timed {
            try method.learn(edits) { progress in
                try Engine.synchronize(base.model.device)
                report.batches.append(
                    ApplyReport.Batch(
                        edits: progress.edits - finished,
                        seconds: (ContinuousClock.now - last).inSeconds, steps: progress.steps))
                finished = progress.edits
                callbacks += try timed {
                    try onProgress(
                        EditProgress(
                            edits: progress.edits, totalEdits: progress.totalEdits,
                            steps: progress.steps, loss: progress.loss))
                }
                last = .now
            }
        }
        report.edits = edits.count
        report.seconds = seconds - callbacks
        return report
    }

    /// Seconds of `body`, the device synchronised.
    private func timed(_ body: () throws -> Void) throws -> Double {
        let start = ContinuousClock.now
        try body()
        try Engine.synchronize(base.model.device)
        return (ContinuousClock.now - start).inSeconds
    }

    /// Answers each prompt, through the edits only where one covers it.
    ///
    /// - Parameter edited: false asks the unedited model.
    /// - Parameter onText: hears each answer as it grows, with the prompt's index.
    public func answer(
        _ prompts: [String], options: AnswerOptions = AnswerOptions(), edited: Bool = true,
        onText: (_ prompt: Int, _ text: String) -> Void = { _, _ in }
    ) throws -> [Answer] {
        try answering(edited).complete(prompts, options: GenerationOptions(options)) {
            onText($0, $1)
            return .more
        }.map(Answer.init)
    }

    /// Asks the unedited and the edited model.
    public func ask(
        _ prompt: String, options: AnswerOptions = AnswerOptions()
    ) throws -> Comparison {
        let before = try answer([prompt], options: options, edited: false)[0]
        let after = try answer([prompt], options: options)[0]
        let edit = after.trace.decision == .edited ? after.trace.nearestEdit : nil
        return Comparison(prompt: prompt, before: before, after: after, edit: edit)
    }

    /// How well each target is predicted after its prompt, teacher-forced.
    public func score(
        _ probes: [(prompt: String, target: String)], edited: Bool = true
    ) throws -> [ProbeScore] {
        let rows = probes.enumerated().map {
            EditRow(editID: "probe \($0)", prompt: $1.prompt, target: $1.target)
        }
        return try answering(edited).score(rows).map(ProbeScore.init)
    }

    /// Whether the scores of each prompt's next token are bit for bit the unedited model's.
    public func isUnchanged(_ prompts: [String]) throws -> [Bool] {
        try method.isUnchanged(prompts)
    }

    /// Writes the edits into `directory`, whole or not at all; the base model stays where it is.
    public func save(to directory: URL) throws {
        try SavedModel.write(method, base: base, to: directory)
    }

    /// Different allocation codes among the stored edits; absent for a method without.
    public var distinctCodes: Int? { (method as? ELDER)?.distinctCodes }

    /// What the model is and what its edits take.
    public var summary: ModelSummary {
        get throws { try ModelSummary(base.model, method: method) }
    }

    /// The engine's version, and the threads of one operation.
    public nonisolated var engineVersion: String { Engine.version }
    public var threads: Int { Engine.threads }

    /// SHA-256 of the base model's files.
    public var baseDigest: String {
        get throws { try base.digest() }
    }

    private func answering(_ edited: Bool) -> any EditingMethod {
        edited ? method : Unedited(model: base.model, tokenizer: base.tokenizer)
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
