import Edits
import Errata
import Figures
import Foundation
import Testing

@testable import Evaluation

/// What is shown of streams.
extension LabTests {
    @Test func anExperimentIsShownWithWhatIsMissing() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: url) }
        let lab = try await lab()
        let streams = [stream(edits: 3), stream(edits: 3, seed: 2), stream(edits: 6)]
        var records: [StreamRecord] = []
        for stream in streams.prefix(2) {
            records.append(try await lab.measure(stream) { _ in }.record)
        }
        let kinds = Exhibit.Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let recipe = try JSONDecoder().decode(
            Experiment.self,
            from: Data(
                (#"{"title": "T: all", "source": "S", "shows": [\#(kinds)], "streams": [], "#
                    + #""published": {"zsre": {"columns": ["Rel"], "rows": {"elder:paper": [97.47]}}}}"#)
                    .utf8))
        let report = LabReport(
            recipe, command: ["errata"], streams: streams, records: records, notices: [])
        #expect(report.notices == ["1 of 3 streams are not measured yet."])
        let answers = report.exhibits[0].tables[0]
        #expect(answers.columns.last == "paper: Rel" && answers.rows[0].last == "97.47")
        #expect(answers.rows.count == 1 && answers.rows[0][2] == "2")
        #expect(report.sections.count == report.exhibits.count)
        #expect(report.chapter.map(\.isInner) == [false] + report.exhibits.map { _ in true })
        #expect(report.markdown.contains("# T: all"))

        let forgetting = report.exhibits.flatMap(\.tables).first { $0.columns.contains("Lost") }
        let row = try #require(forgetting?.rows.first)
        #expect(forgetting?.columns[3...4] == ["Rel right after", "Gen right after"])
        #expect(row[3...4].allSatisfy { $0 != "–" })

        expectOneRowOfTwo(named: records[0])
        records.append(try await lab.measure(streams[2]) { _ in }.record)
        expectTasks(of: records)
        expectTimes(of: records)
        let ages = Exhibit(.ages, of: StreamGroup.groups(records), published: [:])
        #expect(ages.figures[0].drawing.title == "zsRE: Reliability by age")
        #expect(ages.text.contains("first seed"))
        #expect(
            ages.tables[0].rows.map { $0[0] }
                == ["ELDER paper, steps 3, 3 edits", "ELDER paper, steps 3, 6 edits"])
    }

    /// A sweep shows one measurement at two keys, everything else once and by neither.
    private func expectOneRowOfTwo(named record: StreamRecord) {
        let records = [("rank", "8"), ("experts", "4")].map { key, value in
            var named = record
            named.stream.settings[key] = value
            return named
        }
        let groups = StreamGroup.groups(records)
        #expect(groups.count == 2 && groups.distinct.count == 1)
        #expect(groups.distinct[0].stream.settings == record.stream.settings)
        var other = records[1]
        other.manifest.configs[record.title] = .null
        #expect(StreamGroup.groups([records[0], other]).distinct.count == 2)
    }

    /// Two seeds of one stream and one of a longer one, of which the first was not asked the tasks.
    private func expectTasks(of records: [StreamRecord]) {
        var records = records
        var summary = TaskSummary(.gsm8k, rows: [])
        (summary.items, summary.agreement) = (5, 0.5)
        summary.before = TaskScore(overall: 0.25, ofAnswered: 0.75)
        summary.cutPrompts = 2
        var words = summary
        (words.task, words.items) = (.rte, 1)
        for place in 1..<3 { records[place].tasks = [summary, words] }
        let tables = Exhibit(.retention, of: StreamGroup.groups(records), published: [:]).tables
        #expect(
            tables[0].rows.map { Array($0[1...]) } == [
                ["3", "1", "6", "25.0", "25.0", "50.0", "4"],
                ["6", "1", "6", "25.0", "25.0", "50.0", "4"],
            ])
        #expect(tables[2].columns[1] == "Edits" && tables[2].rows.map { $0[1] } == ["3", "6"])
        #expect(tables[2].rows.map { $0[2] } == ["50.0", "50.0"])
        #expect(tables[3].columns == ["Method", "Edits", "RTE", "BoolQ", "SST-2"])
        #expect(
            tables[3].rows.map { Array($0[2...]) } == [["75.0", "–", "–"], ["75.0", "–", "–"]])
    }

    /// Two seeds of one stream on two processors, and a longer one.
    private func expectTimes(of records: [StreamRecord]) {
        var records = records
        records[1].manifest.processor = "another"
        for (place, seconds) in [1.0, 9, 2].enumerated() {
            records[place].rows[0].secondsPerEdit = Spread([seconds])
        }
        let cost = Exhibit(.cost, of: StreamGroup.groups(records), published: [:])
        #expect(
            cost.tables[0].rows.map { Array($0[1...3]) } == [
                ["3", "2", "1.00"], ["6", "1", "2.00"],
            ])
        let said = cost.figures[0].drawing.summary
        #expect(said.contains("ELDER paper, steps 3, 3 edits: 1"), "\(said)")
        #expect(said.contains("ELDER paper, steps 3, 6 edits: 2"), "\(said)")
    }
}
