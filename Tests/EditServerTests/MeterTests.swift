import Errata
import Foundation
import Hummingbird
import Testing

@testable import EditServer

/// What /metrics says.
@Suite(.serialized) struct MeterTests {
    @Test func aSeriesIsWrittenAsPrometheusReadsIt() {
        let series = TimeSeries()
        series.add(2, to: "b_total", [("kind", "a \"b\"\n")])
        series.add(1, to: "b_total", [("kind", "a \"b\"\n")])
        series.set("c", to: 7)
        series.set("c", to: 3)
        series.record(.milliseconds(2), in: "a_seconds")
        let lines = series.text(help: ["c": "Now."]).split(separator: "\n")
        #expect(lines.first == "# TYPE a_seconds histogram")
        #expect(lines.contains(#"a_seconds_bucket{le="0.001"} 0"#))
        #expect(lines.contains(#"a_seconds_bucket{le="0.0025"} 1"#))
        #expect(lines.contains(#"a_seconds_bucket{le="+Inf"} 1"#))
        #expect(
            lines.suffix(6) == [
                "a_seconds_count 1", "# TYPE b_total counter", #"b_total{kind="a \"b\"\n"} 3"#,
                "# HELP c Now.", "# TYPE c gauge", "c 3",
            ])
    }

    @Test func whatCountsItselfNeverGoesBack() {
        let series = TimeSeries()
        for total in [5, 9, 7] { series.count("steps_total", upTo: total) }
        #expect(series.text(help: [:]) == "# TYPE steps_total counter\nsteps_total 9\n")
    }

    @Test func editsCountOnceAndAreTimedWhereTheyLanded() async throws {
        let server = try await TestServer()
        let edits = try TestServer.edits(0..<1)
        try await server.test { caller in
            let refused = try await caller.send(
                .post, "/v1/edits",
                """
                {"edits": [{"prompt": "The river of Aba is", "target": "b"},
                           {"prompt": "The river of Aba is", "target": "c"},
                           {"prompt": "The king of Ufa is", "target": "d"}], "conflicts": "reject"}
                """)
            #expect(refused.status == 409, "\(refused.text)")
            let before = try await caller.send(.get, "/metrics").text
            #expect(before.contains(#"errata_edits_total{outcome="refused"} 3"#))
            #expect(!before.contains("errata_edit_seconds"))
            for _ in 0..<2 {
                #expect(try await caller.apply(edits, key: "one").status == 200)
            }
            let after = try await caller.send(.get, "/metrics").text
            #expect(after.contains(#"errata_edits_total{outcome="live"} 1"#))
            #expect(after.contains("errata_edit_seconds_count 1"))
        }
    }
}
