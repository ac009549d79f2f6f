import EditStorage
import Editing
import Edits
import Foundation
import LanguageModels

extension ExportJob {
    /// Where the base lies in a self-contained directory.
    static let baseFolder = "base"

    /// Puts the base into a draft that holds the log and what was learned, opens it as anybody
    /// would, and compares to the bit.
    func writeSelfContained(in folder: ExportFolder, _ report: inout ExportReport) throws {
        try base.copyAll(to: folder.draft.appending(path: Self.baseFolder))
        try SavedModel(relativeBase: Self.baseFolder).write(in: folder.draft)
        var options = ModelOptions()
        options.device = configuration.numerics.device
        options.dtype = configuration.numerics.dtype
        let saved = try SavedModel(in: folder.draft)!
        let copy = try BaseModel(saved.baseDirectory(in: folder.draft), options: options)
        try saved.requireBase(copy, of: configuration)
        var journal = try Journal(reading: folder.draft, version: nil)
        let opened = try Restoration.latest(&journal, base: copy).adapters
        guard try opened.method.state().digest() == method.state().digest() else {
            throw ErrataError(
                "expected the exported model to have learned what this one has, got something else; "
                    + "run `errata settle`, then export again.")
        }
        let cases = try cases()
        let read = try compared(cases) { said in
            let again = try opened.method.recital(of: said.text, atMost: self.options.maximumTokens)
            var found = ExportReading.Case(
                try Discrepancy(
                    said.recital,
                    scores: again.answer == said.recital.answer ? again.scores : said.recital.scores
                ))
            if again.answer != said.recital.answer { found.lead = .infinity }
            return found
        }
        try report.parity.add(
            ExportReading(reader: "errata", cases: read), of: cases, tolerance: 0)
        try proveBase(copy.model, in: folder, &report)
    }

    /// Others can read the base alone.
    private func proveBase(
        _ copy: CausalModel, in folder: ExportFolder, _ report: inout ExportReport
    ) throws {
        guard check != nil else { return }
        let unedited = Unedited(model: base.model, tokenizer: base.tokenizer)
        let cases = try texts.map {
            ExportCase(
                kind: .unrelated, text: $0, adapter: nil,
                recital: try unedited.recital(of: $0, atMost: options.maximumTokens))
        }
        let read = try compared(cases) { try compare($0, with: copy, adaptation: nil) }
        try prove(
            cases, read: read, tolerance: 0, part: " (the base alone)", in: folder, &report)
    }
}
