import Edits
import Figures
import Testing

@testable import Evaluation

@Suite struct ReportTests {
    let outcomes = (0..<4).flatMap { index in
        [
            SummaryTests.outcome(.edit, index: index, right: [true], distance: 0),
            SummaryTests.outcome(.rephrase, index: index, right: [index > 1], distance: 2),
        ]
    }

    func result() throws -> BenchResult {
        var result = try ResultsTests().result()
        var row = MethodRow(method: "ELDER paper", edits: 4, rows: 4, outcomes: outcomes)
        row.secondsPerEdit = Spread([0.25, 0.5])
        result.methods = [row]
        return result
    }

    @Test func aReportHoldsTablesFiguresAndManifest() throws {
        let report = try result().report
        #expect(report.title == "4 edits of zsre.json on tiny, prompt-only split")
        #expect(
            report.sections.map(\.title)
                == ["Overview", "Answers", "Age of the edit", "Gate", "Cost"])
        #expect(report.manifest.contains { $0.value == "errata bench" })
        #expect(report.html.contains("Distance to the nearest edit: ELDER paper"))
    }

    @Test func theEdgeOfACodeGateIsItsThreshold() throws {
        let plot = try #require(result().distancePlots.first)
        #expect(plot.edges == [.init(at: 12, "edge of the gate")])
        #expect(plot.series.map(\.name) == ["4 edits", "4 rephrasings"])
    }

    @Test func agesAreCountedFromOneOnPlotsOfAFewMethods() throws {
        var result = try result()
        #expect(
            result.agePlots.map { $0.series[0].points.map(\.x) } == [[1, 2, 3, 4], [1, 2, 3, 4]])
        #expect(result.agePlots[1].series[0].points.map(\.y) == [0, 0, 100, 100])
        result.methods = Array(repeating: result.methods[0], count: 7)
        #expect(result.agePlots.map(\.series.count) == [6, 6, 1, 1])
    }

    @Test func sharesOfThoseWithAMatchSaySo() throws {
        var result = try result()
        #expect(result.distancePlots.map(\.y.label) == ["Prompts of a kind"])
        result.methods[0].distances?.gate = .match
        #expect(
            result.distancePlots.map(\.y.label) == ["Prompts of a kind, of those with a match"])
    }

    @Test func longHistogramsAreJoined() throws {
        var result = try result()
        result.methods[0].distances?.histograms["edit"]?.counts = Array(repeating: 1, count: 60)
        let plot = try #require(result.distancePlots.first)
        #expect(plot.series[0].points.count == 20 && plot.series[0].mark == .steps(width: 6))
    }
}
