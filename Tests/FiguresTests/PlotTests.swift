import Testing

@testable import Figures

@Suite struct PlotTests {
    func plot(_ series: [Series], y: Axis = .percent("Share")) -> Plot {
        Plot("Kept", x: Axis("Edits"), y: y, series: series)
    }

    @Test func bandsAreTheRangeOrOneDeviation() {
        let runs: [(x: Double, values: [Double])] = [(1, [2, 4, 9]), (2, [5]), (3, [])]
        let range = Series("a", runs: runs, spread: .range)
        #expect(range.points == [Point(1, 5, band: 2...9), Point(2, 5)])
        // (9 + 1 + 16) / 2 = 13.
        let deviation = Series("a", runs: runs, spread: .deviation)
        #expect(deviation.points[0].band == 5 - 13.0.squareRoot()...5 + 13.0.squareRoot())
    }

    @Test func aRunThatIsNoNumberLeavesAGap() {
        for spread in [Series.Spread.range, .deviation] {
            let series = Series("a", runs: [(1, [2, .nan]), (2, [3, 5])], spread: spread)
            #expect(series.points[0].band == nil)
            let shown = ShownSeries(0, of: plot([series]))
            #expect(shown.points.map(\.x) == [2] && shown.leftOut == 1)
        }
    }

    @Test func histogramsShowShares() {
        let series = Series("edit", shares: [3, 0, 1], width: 0.5)
        #expect(series.points == [Point(0, 75), Point(0.5, 0), Point(1, 25)])
        #expect(Series("none", shares: [0, 0], width: 1).points.isEmpty)
    }

    @Test func aPlotWithoutPointsSaysSo() {
        let drawing = plot([Series("ELDER", [])]).drawing
        #expect(drawing.summary == "There is nothing to show yet.")
        #expect(drawing.svg().contains(">There is nothing to show yet.</text>"))
    }

    @Test func aLineBreaksWhereAValueHasNoPlace() {
        let points = [Point(0, 1), Point(1, 2), Point(2, 0), Point(3, 4), Point(4, 5)]
        let axis = Axis("Loss", scale: .logarithmic)
        let shown = ShownSeries(0, of: plot([Series("a", points)], y: axis))
        #expect(shown.runs.map(\.count) == [2, 2] && shown.leftOut == 1)
        let svg = plot([Series("a", points)], y: axis).drawing.svg()
        #expect(svg.contains("Not shown: 1 value (0 and less have no place on a logarithmic axis"))

        let nothing = plot([Series("a", [Point(0, 0)])], y: axis).drawing
        #expect(nothing.summary.hasPrefix("Not shown: 1 value"))
    }

    @Test func namesStandAtTheLinesEndsAndApart() {
        #expect(EndLabels.spread([10, 100, 50], within: 0...200) == [10, 100, 50])
        #expect(EndLabels.spread([50, 50, 50], within: 0...200) == [34, 50, 66])
        #expect(EndLabels.spread([0, 0], within: 0...200) == [0, 16])
        #expect(EndLabels.spread([200, 195], within: 0...200) == [200, 184])
        #expect(EndLabels.spread([], within: 0...200).isEmpty)
    }

    @Test func manyLinesHaveALegendInstead() {
        let few = (0..<5).map { Series("method \($0)", [Point(0, 1), Point(1, 2)]) }
        let many = (0..<20).map { Series("method \($0)", [Point(0, 1), Point(1, 2)]) }
        #expect(Layout(plot(few)).namesEnds && Layout(plot(few)).legend.height == 0)
        #expect(!Layout(plot(many)).namesEnds && Layout(plot(many)).legend.height > 0)
    }

    @Test func theSummaryHoldsTheEndsOfEachLine() {
        let series = Series("ELDER", [Point(1000, 98), Point(10000, 91.25)])
        #expect(
            plot([series]).drawing.summary
                == "Share (%) over Edits. ELDER: from 98.0\u{00A0}% at 1,000 to 91.2\u{00A0}% at 10,000."
        )
    }

    @Test func tickLabelsNeverTouch() {
        for length in stride(from: 60.0, through: 600, by: 60) {
            let ruler = Ruler(
                level: Axis("Edits"), domain: 0...1_000_000, left: 0, right: length)
            let places = ruler.ticks.map(ruler.place)
            let widths = ruler.labels.map { Typography.width($0, size: Typography.tick) }
            for tick in places.indices.dropFirst() {
                #expect(places[tick] - places[tick - 1] > (widths[tick] + widths[tick - 1]) / 2)
            }
        }
    }

    @Test func aMapKeepsProportions() {
        let clusters = [Cluster("Group 1", edits: [Point(0, 0)], rephrasings: [Point(10, 1)])]
        let layout = Layout(.map("Codes", clusters: clusters, unrelated: []))
        let across = layout.x.place(1) - layout.x.place(0)
        let upwards = layout.y.place(0) - layout.y.place(1)
        #expect(abs(across - upwards) < 1e-9)
    }

    @Test func longWordsAreBrokenOrShortened() {
        let lines = Typography.lines(of: "one two three", within: 50, size: 13)
        #expect(lines == ["one two", "three"])
        let short = Typography.shortened(String(repeating: "m", count: 50), to: 100)
        #expect(short.hasSuffix("…") && Typography.width(short) <= 100)
    }
}
