import Testing

@testable import Figures

@Suite struct BarChartTests {
    func chart(_ scale: Axis.Scale, _ bars: [BarChart.Bar]) -> Drawing {
        BarChart("Cost", axis: Axis("Time for an edit", unit: "s", scale: scale), bars: bars)
            .drawing
    }

    @Test func aBarSaysItsNumberWithItsUnit() {
        let elder = BarChart.Bar("ELDER", 1.25, reach: 1.25...2)
        let drawing = chart(.linear, [elder, .init("Unedited", nil)])
        #expect(
            drawing.summary
                == "Time for an edit (s). ELDER: 1.25\u{00A0}s. Unedited: not measured.")
        #expect(drawing.svg().contains(">1.25\u{00A0}s</text>"))
    }

    @Test func aLinearBarBeginsAtZero() {
        let svg = chart(.linear, [.init("a", 80), .init("b", 100)]).svg()
        let bars = WellFormed(svg).attributes.filter { $0["fill"] == Ink.blue.light }
        let lengths = bars.compactMap { $0["width"].flatMap(Double.init) }
        // Lengths are written with two decimals.
        #expect(lengths.count == 2 && abs(lengths[0] - 0.8 * lengths[1]) <= 0.01)
    }

    @Test func zeroOnALogarithmicAxisHasANumberButNoMark() {
        let svg = chart(.logarithmic, [.init("Retrieval", 0), .init("ELDER", 0.5)]).svg()
        #expect(svg.contains(">0\u{00A0}s</text>"))
        #expect(svg.split(separator: "<circle").count == 2)
    }

    @Test func aChartWithoutNumbersSaysSo() {
        #expect(chart(.linear, []).summary == "There is nothing to show yet.")
        #expect(chart(.linear, [.init("ELDER", nil)]).summary == "There is nothing to show yet.")
    }
}
