import Editing
public import Edits
import LanguageModels

/// Where a model keeps what it knows of subjects, by causal tracing (Meng et al., 2022, section 2).
public struct SubjectTracing: Codable, Sendable, Equatable {
    /// Prompts that were traced; others do not name their subject exactly once.
    public let prompts: Int
    /// Neighbouring MLPs put back together: 10 in the 48 blocks of GPT2-XL, as many in proportion.
    public let window: Int
    /// How likely the model's own answer is, on average.
    public let clean: Double
    /// The same with noise on the subject.
    public let corrupted: Double
    /// The same with the MLPs around each block put back at the subject's last token.
    public let restored: [Double]
    /// The block at the peak, where ROME shall write.
    public let layer: Int
}

extension EditableModel {
    /// Finds the block for ROME, with the published noise, and the published window scaled to the
    /// model's depth.
    ///
    /// - Parameter onProgress: hears how many prompts are done; an error thrown from it stops.
    /// - Throws: `ErrataError` where no prompt names its subject exactly once.
    public func traceSubjects(
        _ edits: [EditRecord], seed: UInt64 = 1, onProgress: (Int) throws -> Void = { _ in }
    ) throws -> SubjectTracing {
        let named = edits.compactMap { edit in
            edit.subject.flatMap { subject in
                edit.prompt.ranges(of: subject).count == 1 ? (edit.prompt, subject) : nil
            }
        }
        guard !named.isEmpty else {
            throw ErrataError(
                "expected edits whose prompts name their subject once, got none among "
                    + "\(edits.count); give data with subjects.")
        }
        var seeds = SplitMix64(seed: seed)
        let window = max(1, base.model.configuration.blocks * 10 / 48)
        var curves: [CausalTracing.Curve] = []
        for prompt in named {
            var tracing = CausalTracing(seed: seeds.next())
            tracing.window = window
            curves.append(
                try tracing.trace([prompt], model: base.model, tokenizer: base.tokenizer))
            try onProgress(curves.count)
        }
        func mean(_ value: (CausalTracing.Curve) -> Double) -> Double {
            curves.reduce(0) { $0 + value($1) } / Double(curves.count)
        }
        let restored = curves[0].restored.indices.map { block in mean { $0.restored[block] } }
        return SubjectTracing(
            prompts: named.count, window: window, clean: mean(\.clean),
            corrupted: mean(\.corrupted),
            restored: restored, layer: restored.indices.max { restored[$0] < restored[$1] }!)
    }
}
