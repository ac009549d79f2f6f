import Foundation
import Testing

@testable import Figures

@Suite struct ReportTests {
    let report = Report(
        "Edits & <answers>", lead: "What was asked.",
        sections: [
            .init(
                "Overview <1>",
                [
                    .text("First.\n\nSecond <b>."),
                    .table(
                        ReportTable(
                            "Shares (%)", columns: [.init("Method", .words), .init("Kept")],
                            rows: [["<script>alert(1)</script>", "98.5"], ["GRACE", "–"]])),
                    .table(ReportTable("Costs", columns: [.init("Method", .words)])),
                ]),
            .init(
                "Figures",
                [
                    .figures([
                        Plot("Kept", x: Axis("Edits"), y: .percent("Kept")).drawing,
                        BarChart(
                            "Cost", axis: Axis("Time", unit: "s"), bars: [.init("ELDER", 1)]
                        ).drawing,
                    ])
                ], isInner: true),
        ], manifest: [.init("Command", "errata bench --data <file>", isLiteral: true)])

    @Test func thePageNeedsNoNetwork() {
        let page = report.html.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
        #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("url("))
        #expect(!page.contains("src=") && !page.contains("@import") && !page.contains("<link"))
        #expect(page.contains("default-src 'none'"))
    }

    @Test func whatThePageShowsIsWellFormed() throws {
        let html = report.html
        let main = try #require(html.firstRange(of: "<main>"))
        let end = try #require(html.firstRange(of: "</main>"))
        let document = WellFormed(String(html[main.lowerBound..<end.upperBound]))
        #expect(document.fault == nil)
        #expect(document.texts["h1"] == ["Edits & <answers>"])
        #expect(document.texts["h2"] == ["Overview <1>", "How this was made"])
        #expect(document.texts["h3"] == ["Figures"])
        #expect(document.texts["p"]?.contains("Second <b>.") == true)
        #expect(document.texts["p"]?.contains("Costs: there is nothing to show yet.") == true)
        #expect(document.texts["th"] == ["Method", "Kept", "<script>alert(1)</script>", "GRACE"])
        #expect(document.texts["code"] == ["errata bench --data <file>"])
        let identifiers = document.attributes.compactMap { $0["id"] }
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.contains("section-3") && identifiers.contains("figure-2-title"))
    }

    @Test func everyHeadingIsInTheContents() throws {
        let contents = try #require(report.html.components(separatedBy: "</nav>").first)
        for place in 1...3 { #expect(contents.contains("href=\"#section-\(place)\"")) }
        #expect(contents.contains("Overview &lt;1&gt;"))
        #expect(contents.components(separatedBy: "class=\"inner\"").count == 2)
    }

    @Test func thePageHasLightDarkAndPrintedColours() {
        #expect(report.html.contains("@media screen and (prefers-color-scheme: dark)"))
        #expect(report.html.contains("@media print"))
        for ink in Ink.allCases {
            #expect(report.html.contains("--\(ink): \(ink.light);"))
            #expect(report.html.contains("--\(ink): \(ink.dark);"))
        }
    }

    @Test func theSameReportIsTheSameBytes() {
        #expect(report.html == report.html)
    }
}
