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
    let base: BaseModel
    /// The method's name, under which it is saved.
    private var name: String
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
            name = saved.method
            method = try MethodEntry.named(name).method(
                restoring: saved.state(in: directory), model: base.model,
                tokenizer: base.tokenizer)
        } else {
            let editor = editor ?? .elder(.default)
            base = try BaseModel(directory, options: options)
            name = editor.method
            method = try editor.editing(
                base.model, tokenizer: base.tokenizer, seed: options.seed)
        }
    }

    /// Starts anew with another method on the same base model: nothing is learned yet.
    public func restart(with editor: Editor) throws {
        method = try editor.editing(
            base.model, tokenizer: base.tokenizer, seed: options.seed)
        name = editor.method
    }

    /// In which batches the method wants to learn `edits`, as places in the list; nil for a method
    /// that takes a stream as it comes.
    public func plan(_ edits: [EditRecord]) throws -> [[Int]]? { try method.plan(edits) }

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
            method = try MethodEntry.named(name).method(
                restoring: before, model: base.model, tokenizer: base.tokenizer)
            throw error
        }
    }

    private func learn(
        _ edits: [EditRecord], onProgress: (EditProgress) throws -> Void
    ) throws -> ApplyReport {
        var report = ApplyReport(rows: edits.reduce(0) { $0 + 1 + $1.rephrases.count })
        report.preparationSeconds = try timed { try method.prepare() }
        let groups = try method.plan(edits)?.map { $0.map { edits[$0] } } ?? [edits]
        var callbacks = 0.0
        var last = ContinuousClock.now
        let start = clock()
        let seconds = try timed {
            for group in groups {
                let before = report.edits
                try method.learn(group) { progress in
                    try Engine.synchronize(base.model.device)
                    let finished = before + progress.edits
                    report.batches.append(
                        ApplyReport.Batch(
                            edits: finished - report.edits,
                            seconds: (ContinuousClock.now - last).inSeconds, steps: progress.steps))
                    report.edits = finished
                    callbacks += try timed {
                        try onProgress(
                            EditProgress(
                                edits: finished, totalEdits: edits.count, steps: progress.steps,
                                loss: progress.loss))
                    }
                    last = .now
                }
            }
        }
        report.seconds = seconds - callbacks
        report.cpuSeconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
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
    /// - Parameter oracle: which edit a prompt is about, by prompt, for a method that `routesByEdit`.
    /// - Parameter onText: hears each answer as it grows, with the prompt's index.
    public func answer(
        _ prompts: [String], options: AnswerOptions = AnswerOptions(), edited: Bool = true,
        oracle: [String: String] = [:],
        onText: (_ prompt: Int, _ text: String) -> Void = { _, _ in }
    ) throws -> [Answer] {
        try answering(edited, oracle).complete(
            prompts, options: GenerationOptions(options), cutsLongPrompts: options.cutsLongPrompts
        ) {
            onText($0, $1)
            return .more
        }.map(Answer.init)
    }

    /// How many tokens each prompt has, so that a caller can ask those of one length together.
    public func tokenCounts(_ prompts: [String]) -> [Int] {
        prompts.map { base.tokenizer.encode($0).count }
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
        _ probes: [(prompt: String, target: String)], edited: Bool = true,
        oracle: [String: String] = [:]
    ) throws -> [ProbeScore] {
        let rows = probes.enumerated().map {
            EditRow(editID: "probe \($0)", prompt: $1.prompt, target: $1.target)
        }
        return try answering(edited, oracle).score(rows).map(ProbeScore.init)
    }

    /// Whether the scores of each prompt's next token are bit for bit the unedited model's.
    public func isUnchanged(_ prompts: [String]) throws -> [Bool] {
        try method.isUnchanged(prompts)
    }

    /// Writes the edits into `directory`, whole or not at all; the base model stays where it is.
    public func save(to directory: URL) throws {
        try SavedModel.write(method, named: name, base: base, to: directory)
    }

    /// Different allocation codes among the stored edits; absent for a method without.
    public var distinctCodes: Int? { (method as? ELDER)?.distinctCodes }

    /// What the model is and what its edits take.
    public var summary: ModelSummary {
        get throws { try ModelSummary(base.model, method: method, named: name) }
    }

    /// The engine's version, and the threads of one operation.
    public nonisolated var engineVersion: String { Engine.version }
    public var threads: Int { Engine.threads }

    /// SHA-256 of the base model's files.
    public var baseDigest: String {
        get throws { try base.digest() }
    }

    /// Whether the method can be told which edit a prompt is about.
    public var routesByEdit: Bool { method is any OracleRouting }

    /// Where the edits are routed today; nil for a method without routes of its own.
    public func routing() throws -> RoutingReport? { try method.routing() }

    private func answering(
        _ edited: Bool, _ oracle: [String: String]
    ) -> any EditingMethod {
        guard edited else { return Unedited(model: base.model, tokenizer: base.tokenizer) }
        guard !oracle.isEmpty, let method = method as? any OracleRouting else { return method }
        let known = oracle.map { (base.tokenizer.encode($0), $1) }
        return method.knowing(Dictionary(known) { $1 })
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
