import Edits
import Testing

@testable import Evaluation

@Suite struct MetricsTests {
    @Test func tokenAccuracyIsTheShareOfRightTokens() {
        #expect(Metrics.tokenAccuracy([true, false, true, true]) == 0.75)
        #expect(Metrics.tokenAccuracy([]) == 1)
    }

    @Test func allTokensNeedsEachOne() {
        #expect(Metrics.allTokens([true, true]))
        #expect(!Metrics.allTokens([true, false]))
    }

    @Test func generationMatchesButForTheSpaceAround() {
        #expect(Metrics.generatedMatches(" Velden\n", target: "Velden"))
        #expect(!Metrics.generatedMatches("Velden.", target: "Velden"))
        #expect(!Metrics.generatedMatches("velden", target: "Velden"))
        #expect(!Metrics.generatedMatches("New  York", target: "New York"))
    }

    /// Three tokens at −1 beat one at −2: −1 > −2, although the sum −3 < −2.
    @Test func preferenceIsPerToken() {
        let long = Likelihood(log: -3, tokens: 3)
        let short = Likelihood(log: -2, tokens: 1)
        #expect(Metrics.prefers(long, over: short))
        #expect(!Metrics.prefers(short, over: long))
        #expect(!Metrics.prefers(long, over: long))
    }

    @Test func deviationAndCorrelationByHand() {
        // Squares around 3: 4 + 1 + 0 + 9 = 14, over three.
        #expect(abs(Statistics.deviation([1, 2, 3, 6])! - (14.0 / 3).squareRoot()) < 1e-12)
        #expect(Statistics.deviation([4]) == nil)
        #expect(Statistics.correlation([(1, 2), (2, 4), (3, 6)]) == 1)
        #expect(Statistics.correlation([(1, 3), (2, 2), (3, 1)]) == -1)
        #expect(Statistics.correlation([(1, 3), (1, 2)]) == nil)
    }

    @Test func partsHaveTheirOwnMeans() {
        #expect(Statistics.means([1, 2, 3, 4, 5], parts: 2) == [1.5, 4])
        #expect(Statistics.means([7, 8], parts: 2) == [7, 8])
        var row = MethodRow(method: "any", edits: 20, rows: 20, outcomes: [])
        #expect(row.costGrowth == nil)
        row.cpuSecondsByTenth = [2, 9, 9, 9, 9, 9, 9, 9, 9, 3]
        #expect(row.costGrowth == 1.5)
    }

    @Test func quantilesLieBetweenNeighbours() {
        #expect(Statistics.quantile([4, 1, 3, 2], 0.5) == 2.5)
        #expect(Statistics.quantile([1, 2, 3], 0.5) == 2)
        // 0.95 · 20 = 19 places up in 0…20.
        #expect(Statistics.quantile((0...20).map(Double.init), 0.95) == 19)
        #expect(Statistics.quantile([7], 0.95) == 7)
        #expect(Statistics.quantile([], 0.5) == nil)
        #expect(Spread([1, 2, 6])?.mean == 3 && Spread([]) == nil)
    }

    /// Pairs (1,2) (1,3) (2,3) won, (2,2) drawn: 3.5 of 4.
    @Test func areaUnderCurveCountsPairsAndHalvesTies() {
        #expect(Statistics.areaUnderCurve(covered: [1, 2], uncovered: [2, 3]) == 0.875)
        #expect(Statistics.areaUnderCurve(covered: [3], uncovered: [1, 2]) == 0)
        #expect(Statistics.areaUnderCurve(covered: [1, 1], uncovered: [1]) == 0.5)
        #expect(Statistics.areaUnderCurve(covered: [], uncovered: [1]) == nil)
    }

    @Test func histogramsCountFromTheStepsLowerEdge() {
        #expect(Histogram([0, 2, 2, 5, 6], width: 2).counts == [1, 2, 1, 1])
        #expect(Histogram([0.02, 0.06, -1e-7], width: 0.02).counts == [1, 1, 0, 1])
        #expect(Histogram([], width: 1).counts.isEmpty)
    }

    @Test func aHistogramEndsHoweverFarAValueLies() {
        let histogram = Histogram([0, 999, 1_000, 1e300, .infinity], width: 1)
        #expect(histogram.counts.count == 1_000)
        #expect(histogram.counts.first == 1 && histogram.counts.last == 4)
    }
}
