import Editing
import Edits
public import Foundation
import Torch

extension EditableModel {
    /// What this model can be exported as, given its method and recipe.
    public var exportFormats: [ExportFormat] { adapters.method.exportFormats }

    /// Hands the model on: writes it in another format into a new directory, which appears once it
    /// was read back and answers as this model does.
    ///
    /// Errata reads every export itself and compares all scores of the answers to the edits' prompts
    /// and to texts of the model's own; `check` lets others do the same. What both found is kept
    /// as `parity.json` and `parity.md`.
    ///
    /// - Parameter check: reads the draft with other software.
    /// - Parameter onProgress: hears how many prompts were asked, and then how many were compared;
    ///   an error thrown from it stops.
    /// - Throws: one sentence for a format the method does not have, an edit that does not hold, or a
    ///   directory that exists; `ParityFailure` where the export answers otherwise. Then
    ///   nothing is left of it.
    @discardableResult
    public func export(
        to directory: URL, as format: ExportFormat, options: ExportOptions = ExportOptions(),
        check: ExportCheck? = nil,
        onProgress: @escaping @Sendable (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws -> ExportReport {
        try requireExportable(as: format, options)
        let edits = try exported(options.edits)
        let folder = try ExportFolder(directory)
        defer { folder.clear() }
        if format == .errata { try save(to: folder.draft) }
        let texts =
            options.unrelatedTexts > 0 ? try known().texts.prefix(options.unrelatedTexts) : []
        let job = Handover(
            ExportJob(
                format: format, options: options, base: base, adapters: adapters,
                configuration: journal.configuration, version: journal.ledger.version,
                edits: edits, texts: Array(texts),
                check: check, onProgress: onProgress))
        let report = try await workshop.run(threads: Engine.threads) {
            try job.value.run(in: folder)
        }.value
        try folder.publish()
        return report
    }

    private func requireExportable(as format: ExportFormat, _ options: ExportOptions) throws {
        let (method, formats) = (journal.configuration.method, exportFormats)
        guard formats.contains(format) else {
            let names = formats.map(\.rawValue).joined(separator: ", ")
            throw ErrataError(
                "expected a format that \(method) with this recipe has (\(names)), got "
                    + "\(format.rawValue): \(adapters.method.reasonAgainst(format)).")
        }
        guard options.edits.isEmpty || format == .peft else {
            throw ErrataError(
                "expected all edits for the format \(format.rawValue), got a choice of "
                    + "\(options.edits.count); only adapters (peft) are exported by edit.")
        }
        guard options.storedDtype == nil || format == .merged else {
            throw ErrataError(
                "expected a type to store for the format merged alone, got one for "
                    + "\(format.rawValue); leave it out.")
        }
        if let stored = options.storedDtype {
            guard let type = try? DType(stored), [.float32, .bfloat16, .float16].contains(type)
            else {
                throw ErrataError(
                    "expected weights to be stored in f32, bf16 or f16, got \(stored).")
            }
        }
        // Errata alone knows how to mask what is taken back and to say what is not yet learned.
        guard format == .errata || adapters.batches == journal.ledger.live else {
            throw ErrataError(
                "expected adapters that know just the edits that hold, got some that were taken "
                    + "back, superseded or not yet learned; run `errata settle` first.")
        }
    }

    /// The edits that hold, or those of them that are named.
    private func exported(_ names: [String]) throws -> [Ledger.Entry] {
        let ledger = journal.ledger
        let live = ledger.live.joined()
        guard !names.isEmpty else { return live.map { ledger.entries[$0]! } }
        let wanted = try names.map { name in
            let event = try ledger.event(named: name).sequence
            guard live.contains(event) else {
                throw ErrataError(
                    "expected an edit that holds, got \(name); `errata log` lists them.")
            }
            return event
        }
        return Set(wanted).sorted().map { ledger.entries[$0]! }
    }
}

extension EditingMethod {
    var exportFormats: [ExportFormat] {
        ExportFormat.allCases.filter { format in
            switch format {
            case .errata: true
            case .peft: (self as? any LowRankRouting)?.latchesRoutes ?? false
            case .merged: self is any MapEditing
            }
        }
    }

    /// Why the method does not have a format.
    func reasonAgainst(_ format: ExportFormat) -> String {
        switch format {
        case .errata: "every method has it"
        case .peft where self is any LowRankRouting:
            "it looks up another LoRA for each token of an answer, which no one adapter does"
        case .peft: "an answer of it does not come from one LoRA"
        case .merged: "which weights it uses depends on the prompt"
        }
    }
}
