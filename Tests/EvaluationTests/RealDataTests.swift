import Edits
import Foundation
import Testing

@testable import Evaluation

/// The published files, where they lie beside the repository.
@Suite struct RealDataTests {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "../shared/data").standardized

    static func isThere(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    func read(_ name: String, target: ZsRETarget = .alternative) throws -> Dataset {
        try Dataset.read(Self.folder.appending(path: name), target: target)
    }

    @Test(.enabled(if: isThere("zsre/zsre_mend_edit.json"), "no ../shared/data/zsre here"))
    func zsRE() throws {
        let data = try read("zsre/zsre_mend_edit.json")
        #expect(data.records.count == 1_037 && data.report.skipped.isEmpty)
        #expect(data.report.format == .zsREMend && data.report.unchanged == 29)
        #expect(data.report.conflicts > 0 && data.report.facts < 1_037)
        #expect(data.records.allSatisfy { $0.target == $0.target.trimmed })
        #expect(data.records.allSatisfy { !$0.locality[0].prompt.hasPrefix("nq question") })
        #expect(try Split.paper.first(1_000, of: data.records).count == 1_000)
        let train = try read("zsre/zsre_mend_train-1k.json")
        #expect(train.records.count == 998)
        #expect(train.report.skipped.map(\.record) == [535, 724])
        let answers = try read("zsre/zsre_mend_edit.json", target: .answers)
        #expect(answers.records[0].target == "1998")
    }

    @Test(.enabled(if: isThere("counterfact/counterfact-edit.json"), "no ../shared/data here"))
    func counterFact() throws {
        let flat = try read("counterfact/counterfact-edit.json")
        #expect(flat.records.count == 10_000 && flat.report.format == .counterFactFlat)
        #expect(flat.report.neighbours == 10_000 && flat.report.facts == 9_917)
        let original = try read("counterfact/counterfact-original-1031.json")
        #expect(original.records.count == 1_031 && original.report.format == .counterFact)
        #expect(original.report.neighbours == 10_310 && original.report.rephrases == 2_062)
    }
}
