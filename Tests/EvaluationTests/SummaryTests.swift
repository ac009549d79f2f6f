import Edits
import Foundation
import Testing

@testable import Evaluation

@Suite struct SummaryTests {
    static func outcome(
        _ kind: Probe.Kind, index: Int = 0, moment: ProbeOutcome.Moment = .atEnd,
        right: [Bool]? = nil, said: String? = nil, kept: Bool? = nil, distance: Double? = nil,
        nearest: String = "e0"
    ) -> ProbeOutcome {
        var outcome = ProbeOutcome(
            Probe(
                edit: "e\(index)", index: index, kind: kind, number: 0, prompt: "Who?",
                target: "Ada", formerAnswer: "Bo"), at: moment)
        if let right { outcome.noteForced(right) }
        if let said { outcome.noteGenerated(said) }
        if let kept { outcome.noteAgreement([true, kept], isBitEqual: kept) }
        if let distance {
            outcome.trace = RouteTrace(
                Scope(Match(index: 0, distance: distance), threshold: 12), nearestEdit: nearest,
                threshold: 12, code: nil, gate: .code)
        }
        return outcome
    }

    @Test func sumsUpOneMoment() {
        let rows = [
            Self.outcome(.edit, right: [true, true], said: " Ada"),
            Self.outcome(.edit, right: [true, false], said: "Bo"),
            Self.outcome(.edit, moment: .afterEdit, right: [true]),
            Self.outcome(.rephrase, right: [false, false, false, true]),
            Self.outcome(.neighbour, kept: true), Self.outcome(.neighbour, kept: false),
            Self.outcome(.unrelated, kept: true),
        ]
        let end = Summary(rows, at: .atEnd)
        #expect(end.reliability.count == 2 && end.reliability.tokenAccuracy == 0.75)
        #expect(end.reliability.allTokens == 0.5 && end.reliability.generated == 0.5)
        #expect(end.reliability.preference == nil)
        #expect(end.generalization.tokenAccuracy == 0.25 && end.generalization.allTokens == 0)
        #expect(end.neighbours.agreement == 0.5 && end.unrelated.bitEqual == 1)
        #expect(end.gate.edits == nil)
        #expect(Summary(rows, at: .afterEdit).reliability.allTokens == 1)
    }

    @Test func theGateIsScoredByKind() throws {
        let rows = [
            Self.outcome(.edit, distance: 0), Self.outcome(.edit, distance: 12),
            Self.outcome(.rephrase, distance: 4, nearest: "e9"),
            Self.outcome(.neighbour, distance: 10), Self.outcome(.neighbour, distance: 14),
            Self.outcome(.unrelated, distance: 16),
        ]
        let gate = GateScores(rows)
        #expect(gate.edits == 0.5 && gate.rephrases == 1)
        #expect(gate.neighbours == 0.5 && gate.unrelated == 0)
        #expect(gate.rightEdit == 0.5)
        let distances = try #require(Distances(rows))
        #expect(distances.histograms["neighbour"]?.counts == [0, 0, 0, 0, 0, 1, 0, 1])
        #expect(distances.areaAgainstNeighbours == 1)
        #expect(Distances([Self.outcome(.edit)]) == nil)
    }

    /// Against the neighbours the rephrasings win 2, 1½ and ½ of 6 pairs.
    @Test func whatHasNoMatchIsFurthest() throws {
        func outcome(_ kind: Probe.Kind, _ distance: Double?) -> ProbeOutcome {
            var outcome = Self.outcome(kind)
            outcome.trace = RouteTrace(
                Scope(distance.map { Match(index: 0, distance: $0) }, threshold: 1),
                nearestEdit: nil, threshold: 1, gate: .match)
            return outcome
        }
        let rows = [
            outcome(.rephrase, 0.2), outcome(.rephrase, 0.4), outcome(.rephrase, nil),
            outcome(.neighbour, 0.4), outcome(.neighbour, nil), outcome(.unrelated, nil),
        ]
        let distances = try #require(Distances(rows))
        #expect(distances.areaAgainstNeighbours == 4.0 / 6)
        #expect(distances.areaAgainstUnrelated == 2.5 / 3)
        #expect(distances.histograms["rephrase"]?.counts.reduce(0, +) == 2)
        #expect(distances.histograms["unrelated"] == nil)
        #expect(Distances([outcome(.edit, nil)]) == nil)
    }

    @Test func agesAreBandsOfTheStreamOldestFirst() {
        let rows = (0..<10).map { Self.outcome(.edit, index: $0, right: [$0 >= 6]) }
        let thirds = AgeBand.bands(rows, edits: 10, count: 3)
        #expect(thirds.map(\.first) == [0, 3, 6] && thirds.map(\.last) == [2, 5, 9])
        #expect(thirds.map(\.reliability.allTokens) == [0, 0, 1])
        #expect(thirds.map(\.reliability.count) == [3, 3, 4])
        #expect(AgeBand.bands(rows, edits: 2, count: 3).count == 2)
        #expect(AgeBand.bands([], edits: 0, count: 3).isEmpty)
    }

    @Test func aRouteThatMovedCountsOnCoveredPromptsOnly() {
        var stayed = Self.outcome(.edit)
        stayed.routeMoved = false
        var moved = Self.outcome(.rephrase)
        moved.routeMoved = true
        var other = Self.outcome(.unrelated)
        other.routeMoved = true
        #expect(Summary([stayed, moved, other], at: .atEnd).movedRoutes == 0.5)
    }
}
