import Foundation
import Testing

@testable import Edits

@Suite struct RouteCodeTests {
    static func random(_ generator: inout SplitMix64, layers: Int = 6) -> RouteCode {
        RouteCode(
            chosen: (0..<layers).map { _ in generator.subset(of: 4, count: 2) }, experts: 4)
    }

    @Test func setsTheBitOfEachChosenExpertLayerByLayer() {
        let code = RouteCode(chosen: [[1, 3], [0, 2]], experts: 4)
        #expect(code.words == [0b0101_1010])
        #expect(code.hex == "5a")
        #expect(code.active == 2)
        #expect(code.chosen == [[1, 3], [0, 2]])
    }

    @Test func theOrderOfTheChoiceDoesNotMatter() {
        #expect(
            RouteCode(chosen: [[3, 1]], experts: 4) == RouteCode(chosen: [[1, 3]], experts: 4))
    }

    @Test func isTwelveOfTwentyFourBitsAndEvenDistancesInThePaper() {
        var generator = SplitMix64(seed: 1)
        let codes = (0..<50).map { _ in Self.random(&generator) }
        for code in codes {
            #expect(code.words.reduce(0) { $0 + $1.nonzeroBitCount } == 12)
            #expect(code.distance(to: code) == 0)
            for other in codes { #expect(code.distance(to: other).isMultiple(of: 2)) }
        }
    }

    @Test func codesOfManyWordsSurviveTextAndJSON() throws {
        var generator = SplitMix64(seed: 2)
        for (layers, experts, active) in [(6, 4, 2), (6, 16, 4), (6, 32, 4), (3, 5, 3)] {
            let code = RouteCode(
                chosen: (0..<layers).map { _ in generator.subset(of: experts, count: active) },
                experts: experts)
            #expect(try RouteCode(hex: code.hex, layers: layers, experts: experts) == code)
            let json = try JSONEncoder().encode(code)
            #expect(try JSONDecoder().decode(RouteCode.self, from: json) == code)
        }
    }

    @Test(arguments: ["5", "5a0", "5g", "50", "d2", "+a"])
    func refusesTextThatIsNoCode(hex: String) {
        #expect(throws: EditError.self) { try RouteCode(hex: hex, layers: 2, experts: 4) }
    }

    /// The distances of random codes with N = 4, k = 2, L = 6.
    @Test func distancesOfRandomCodesFollowTheirDistribution() {
        let expected = [0.00002, 0.00051, 0.00527, 0.03001, 0.10320, 0.21914, 0.28369]
        let draws = 100_000
        var generator = SplitMix64(seed: 3)
        var histogram = [Int](repeating: 0, count: 25)
        for _ in 0..<draws {
            let distance = Self.random(&generator).distance(to: Self.random(&generator))
            histogram[distance] += 1
        }
        for half in 0...12 {
            let share = expected[min(half, 12 - half)]
            let seen = Double(histogram[2 * half]) / Double(draws)
            // Five standard deviations of a binomial share, and the rounding of the table.
            let tolerance = 5 * (share * (1 - share) / Double(draws)).squareRoot() + 1e-5
            #expect(abs(seen - share) < tolerance, "distance \(2 * half): \(seen), not \(share)")
        }
    }
}
