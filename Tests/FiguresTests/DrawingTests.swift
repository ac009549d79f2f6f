import Foundation
import Testing

@testable import Figures

@Suite struct DrawingTests {
    let awkward = "a < b & \"c\" > 'd' \u{1} é 編"

    var lines: Plot {
        Plot(
            awkward, subtitle: awkward, x: Axis(awkward, scale: .logarithmic), y: .percent("Share"),
            series: [
                Series(awkward, runs: [(1000, [90, 95]), (10000, [80, 84])], spread: .range),
                Series("GRACE", runs: [(1000, [99]), (10000, [98])], spread: .range),
            ], edges: [.init(at: 2000, awkward)])
    }

    var everything: [Drawing] {
        let rephrasing = Point(1, 2, note: "<b>")
        let cluster = Cluster("Group 1", edits: [Point(0, 0)], rephrasings: [rephrasing])
        return [
            lines.drawing,
            BarChart("Cost", axis: Axis("Time", unit: "s"), bars: [.init(awkward, 1.5)]).drawing,
            Plot(
                "Distances", x: Axis("Distance"), y: Axis("Prompts", unit: "%"),
                series: [Series("edit", shares: [3, 1], width: 0.5)]
            ).drawing,
            Plot.map("Codes", clusters: [cluster], unrelated: [Point(-1, 1)]).drawing,
            Plot("Nothing", x: Axis("Edits"), y: Axis("Share")).drawing,
        ]
    }

    @Test func everyDrawingIsWellFormedAndSaysWhatItShows() {
        for drawing in everything {
            for use in [Drawing.Use.file, .page(id: "figure-1")] {
                let document = WellFormed(drawing.svg(for: use))
                #expect(document.fault == nil)
                let title = drawing.title.replacing("\u{1}", with: "\u{FFFD}")
                #expect(document.texts["title"]?.contains(title) == true)
                #expect(document.texts["desc"]?.count == 1)
                #expect(document.attributes.first?["role"] == "img")
            }
        }
    }

    @Test func textIsEscapedAndUnreadableCharactersAreReplaced() {
        #expect(
            Markup.escaped(awkward)
                == "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39; \u{FFFD} é 編")
        let document = WellFormed(lines.drawing.svg())
        let shown = awkward.replacing("\u{1}", with: "\u{FFFD}")
        #expect(document.texts["title"]?.contains(shown) == true)
    }

    @Test func theSameDrawingIsTheSameBytes() {
        for use in [Drawing.Use.file, .page(id: "figure-1")] {
            #expect(everything.map { $0.svg(for: use) } == everything.map { $0.svg(for: use) })
        }
    }

    @Test func aFileIsLightAndAPageChoosesTheColours() {
        let file = lines.drawing.svg()
        #expect(file.contains(Ink.blue.light) && !file.contains("var("))
        let page = lines.drawing.svg(for: .page(id: "figure-7"))
        #expect(page.contains("var(--blue, \(Ink.blue.light))"))
        #expect(page.contains("aria-labelledby=\"figure-7-title figure-7-summary\""))
    }

    @Test func lengthsHaveTwoDecimalsAtMost() {
        #expect(Markup.length(1.005) == "1" || Markup.length(1.005) == "1.01")
        #expect(Markup.length(-0.001) == "0" && Markup.length(12.5) == "12.5")
        #expect(Markup.length(300) == "300")
    }

    @Test func theFirstLooksDifferInColourDashAndMarker() {
        let looks = (0..<28).map { Look(at: $0) }
        for (place, look) in looks.enumerated() {
            #expect(!looks[..<place].contains(look))
        }
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $0.dash != $1.dash && $0.ink != $1.ink })
    }
}
