import Editing
import Edits
import Foundation
import LanguageModels
import Torch

/// A model as it is exported: what is written, read back and compared.
struct ExportJob {
    let format: ExportFormat
    let options: ExportOptions
    let base: BaseModel
    let adapters: Adapters
    let configuration: LogConfiguration
    /// The event of the log that is exported.
    let version: Int
    /// The edits that go along, oldest first.
    let edits: [Ledger.Entry]
    /// Texts of the base model's own.
    let texts: [String]
    let check: ExportCheck?
    /// Hears how many prompts were asked, and then how many were compared.
    let onProgress: @Sendable (_ done: Int, _ total: Int) throws -> Void

    /// Writes the export into a draft, and proves it.
    ///
    /// - Throws: `ParityFailure` where somebody reads something else than Errata says.
    func run(in folder: ExportFolder) throws -> ExportReport {
        var report = ExportReport(
            format: format, edits: edits.count, bytes: 0,
            parity: ParityReport(
                format: format, method: configuration.method, version: version,
                base: configuration.baseDigest, dtype: base.model.dtype.rawValue))
        switch format {
        case .errata: try writeSelfContained(in: folder, &report)
        case .peft: try writeAdapters(in: folder, &report)
        case .merged: try writeMerged(in: folder, &report)
        }
        try report.parity.write(in: folder.draft)
        report.bytes = try folder.bytes()
        // The last moment at which somebody can stop it.
        try onProgress(edits.count + texts.count, edits.count + texts.count)
        return report
    }

    var method: any EditingMethod { adapters.method }

    /// What the exported model answers to each edit's prompt and to texts no edit is about.
    func cases() throws -> [ExportCase] {
        let asked =
            edits.map { (ExportCase.Kind.edit, $0.record.prompt) }
            + texts.map { (.unrelated, $0) }
        return try asked.enumerated().map { number, asked in
            try onProgress(number, edits.count + texts.count)
            return ExportCase(
                kind: asked.0, text: asked.1, adapter: nil,
                recital: try method.recital(of: asked.1, atMost: options.maximumTokens))
        }
    }

    /// What `read` finds for each of `cases`.
    func compared(
        _ cases: [ExportCase], _ read: (ExportCase) throws -> ExportReading.Case
    ) throws -> [ExportReading.Case] {
        try cases.enumerated().map { number, said in
            try onProgress(number, cases.count)
            return try read(said)
        }
    }

    /// What a model answers to the prompt of a case, beside what it should.
    func compare(
        _ said: ExportCase, with model: CausalModel, adaptation: (any Adaptation)?
    ) throws -> ExportReading.Case {
        let recital = said.recital
        let again = try model.recital(
            of: recital.prompt, adaptation: adaptation, atMost: options.maximumTokens)
        let scores =
            try again.answer == recital.answer
            ? again.scores
            : model.scores(of: recital.answer, after: recital.prompt, adaptation: adaptation)
        return ExportReading.Case(try Discrepancy(recital, scores: scores))
    }

    /// Judges what Errata read itself, then lets others read the draft and judges that.
    ///
    /// - Parameter part: what of the export is compared, where it is not all of it.
    func prove(
        _ cases: [ExportCase], read: [ExportReading.Case], tolerance: Double, part: String = "",
        in folder: ExportFolder, _ report: inout ExportReport
    ) throws {
        try report.parity.add(
            ExportReading(reader: "errata\(part)", cases: read), of: cases, tolerance: tolerance)
        guard let check, !cases.isEmpty else { return }
        let file = folder.scratch.appending(path: "cases.safetensors")
        try cases.write(to: file)
        let draft = ExportDraft(
            folder: folder.draft, format: format, base: base.directory,
            dtype: base.model.dtype.rawValue, cases: file)
        // Both add in another order than Errata does, even where Errata finds no difference.
        var reading = try check(draft)
        reading.reader += part
        try report.parity.add(
            reading, of: cases,
            tolerance: max(tolerance, ExportTolerance.of(base.model.dtype)))
    }
}

/// A prompt with what the export must answer.
struct ExportCase {
    enum Kind: String, Codable { case edit, unrelated }

    let kind: Kind
    let text: String
    /// The folder of the adapter that is on; nil for none.
    let adapter: String?
    let recital: Recital
}

extension [ExportCase] {
    private struct Entry: Encodable {
        let kind: ExportCase.Kind
        let prompt: String
        let promptTokens: Int
        let adapter: String?
    }

    /// As ``ExportDraft/cases`` describes it.
    func write(to url: URL) throws {
        var tensors: [String: Tensor] = [:]
        for (number, said) in enumerated() {
            let tokens = said.recital.prompt + said.recital.answer
            tensors["\(number).tokens"] = try Tensor(tokens, shape: [tokens.count])
            tensors["\(number).scores"] = try said.recital.scores.to(.cpu).contiguous()
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let list = try encoder.encode(
            map {
                Entry(
                    kind: $0.kind, prompt: $0.text, promptTokens: $0.recital.prompt.count,
                    adapter: $0.adapter)
            })
        try writeSafetensors(
            tensors, metadata: ["cases": String(decoding: list, as: UTF8.self)], to: url)
    }
}

extension ParityReport {
    /// Takes in what a reader found.
    ///
    /// - Throws: `ParityFailure` where it found something else than it should.
    mutating func add(
        _ reading: ExportReading, of cases: [ExportCase], tolerance: Double
    ) throws {
        guard reading.cases.count == cases.count else {
            throw ErrataError(
                "expected \(reading.reader) to compare \(cases.count) prompts, got "
                    + "\(reading.cases.count); nothing was exported.")
        }
        var result = Reading(reader: reading.reader, tolerance: tolerance)
        for (said, found) in zip(cases, reading.cases) {
            switch said.kind {
            case .edit: result.edits.add(found, prompt: said.text, tolerance: tolerance)
            case .unrelated: result.unrelated.add(found, prompt: said.text, tolerance: tolerance)
            }
        }
        readings.append(result)
        guard let failure = (result.edits.failures + result.unrelated.failures).first else {
            return
        }
        let advice = format == .merged ? "try --store f32, or " : ""
        throw ParityFailure(
            description: "expected the export to answer as the model does, but \(reading.reader) "
                + "finds for “\(failure.prompt)” that \(failure.fault); nothing was exported, "
                + "\(advice)use the format errata.",
            report: self)
    }

    /// `parity.json` and `parity.md`.
    func write(in folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(self)
        try writeAtomically(to: folder.appending(path: "parity.json")) { try $0(json) }
        try writeAtomically(to: folder.appending(path: "parity.md")) {
            try $0(Data(description.utf8))
        }
    }
}
