import Edits
import Foundation
import TestSupport
import Testing

@testable import Figures

@Suite struct TSNETests {
    /// What reference/tsne_fixture.py wrote.
    struct Fixture: Decodable {
        struct Case: Decodable {
            let perplexity: Double
            let joint: [[Double]]
        }
        struct Descent: Decodable {
            let exaggeration, rate: Double
            let steps: Int
            let start, places: [SIMD2<Double>]
            let divergence: [Double]
        }
        struct ScikitLearn: Decodable { let divergences: [Double] }
        let distances: [[Double]]
        let cases: [Case]
        let descent: Descent
        let scikitLearn: ScikitLearn

        init() throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Fixtures/tsne-codes.json")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Fixture.self, from: Data(contentsOf: file))
        }
    }

    let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func jointProbabilitiesAreThoseOfTheTwin() throws {
        for expected in fixture.cases {
            let affinities = try Affinities(
                distances: fixture.distances, perplexity: expected.perplexity)
            for (row, twin) in zip(affinities.joint, expected.joint) {
                #expect(zip(row, twin).allSatisfy { Tolerance.float64.allows($0, $1) })
            }
            #expect(Tolerance.float64.allows(affinities.joint.joined().reduce(0, +), 1))
        }
    }

    @Test func everyRowHasThePerplexityAskedFor() {
        for (i, distances) in fixture.distances.enumerated() {
            let row = Affinities.row(distances, without: i, perplexity: 8)
            #expect(Tolerance.float64.allows(exp(Affinities.entropy(row)), 8))
            #expect(row[i] == 0)
        }
    }

    @Test func equallyNearThingsShareARowThatCannotBeNarrower() {
        let row = Affinities.row([0, 3, 3, 3, 9], without: 0, perplexity: 2)
        let third = 1.0 / 3
        #expect(row == [0, third, third, third, 0])
        let alike = Affinities.row([0, 0, 0], without: 1, perplexity: 1.5)
        #expect(alike == [0.5, 0, 0.5])
    }

    @Test func theDescentIsThatOfTheTwin() throws {
        let expected = fixture.descent
        let affinities = try Affinities(distances: fixture.distances, perplexity: 8)
        var descent = Descent(expected.start, rate: expected.rate)
        for step in 0..<expected.steps {
            let isEarly = step < expected.steps / 2
            let gradient = affinities.gradient(
                at: descent.places, exaggeration: isEarly ? expected.exaggeration : 1)
            descent.step(along: gradient, momentum: isEarly ? 0.5 : 0.8)
        }
        for (place, twin) in zip(descent.places, expected.places) {
            #expect(Tolerance.twin.allows(place.x, twin.x))
            #expect(Tolerance.twin.allows(place.y, twin.y))
        }
        for (places, divergence) in zip([expected.start, expected.places], expected.divergence) {
            #expect(Tolerance.float64.allows(affinities.divergence(at: places), divergence))
        }
    }

    /// Runs differ by their starts: scikit-learn's own lie between 0.21 and 0.50, most within 0.02.
    @Test func theMapIsAsGoodAsScikitLearns() throws {
        let theirs = fixture.scikitLearn.divergences.sorted()
        let median = theirs[theirs.count / 2]
        let ours = try (0..<3 as Range<UInt64>).map { seed in
            var random = SplitMix64(seed: seed)
            return try TSNE(perplexity: 8).map(distances: fixture.distances, random: &random)
                .divergence
        }
        #expect(ours.sorted()[1] <= median + 0.02)
    }

    @Test func twoGroupsStayApart() throws {
        var random = SplitMix64(seed: 3)
        let points = (0..<20).map { i in
            (0..<5).map { _ in Double(random.below(100)) / 100 + (i < 10 ? 0 : 10) }
        }
        let distances = TSNE.distances(between: points)
        let places = try TSNE(perplexity: 5).map(distances: distances, random: &random).places
        let between = TSNE.distances(between: places.map { [$0.x, $0.y] })
        for i in places.indices {
            let own = i < 10 ? 0..<10 : 10..<20
            let farthest = own.map { between[i][$0] }.max() ?? 0
            let nearest = places.indices.filter { !own.contains($0) }.map { between[i][$0] }.min()
            #expect(farthest < nearest ?? 0)
        }
    }

    @Test func oneSeedGivesOneMap() throws {
        var tsne = TSNE(perplexity: 8)
        tsne.steps = 50
        func map(seed: UInt64) throws -> TSNE.Map {
            var random = SplitMix64(seed: seed)
            return try tsne.map(distances: fixture.distances, random: &random)
        }
        #expect(try map(seed: 1) == map(seed: 1))
        #expect(try map(seed: 1) != map(seed: 2))
    }

    @Test func whatIsNoTableOfDistancesIsOneSentence() {
        func message(_ distances: [[Double]], perplexity: Double = 1.5) -> String? {
            var random = SplitMix64(seed: 1)
            let error = #expect(throws: FiguresError.self) {
                try TSNE(perplexity: perplexity).map(distances: distances, random: &random)
            }
            return error?.message
        }
        #expect(message([[0, 1], [1]])?.contains("square table, not 2 rows of 2 columns") == true)
        #expect(message([[0, -1], [1, 0]])?.contains("0 or more") == true)
        #expect(message([[0, 1], [1, 0]], perplexity: 30)?.contains("below the number") == true)
    }
}
