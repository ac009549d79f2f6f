import Foundation
import Testing

@testable import Edits

@Suite struct DeferralIndexTests {
    let one = RouteCode(chosen: [[0, 1], [0, 1]], experts: 4)
    let two = RouteCode(chosen: [[0, 2], [0, 1]], experts: 4)
    let far = RouteCode(chosen: [[2, 3], [2, 3]], experts: 4)

    @Test func anEmptyStoreIsOutOfScope() {
        #expect(DeferralIndex().scope(of: one, threshold: 100) == .deferred(nil))
    }

    @Test func aDistanceEqualToTheThresholdIsOutOfScope() {
        let index = DeferralIndex([one])
        #expect(index.scope(of: two, threshold: 3) == .edited(Match(index: 0, distance: 2)))
        #expect(index.scope(of: two, threshold: 2) == .deferred(Match(index: 0, distance: 2)))
        #expect(index.scope(of: one, threshold: 0) == .deferred(Match(index: 0, distance: 0)))
    }

    @Test func findsTheNearestAndTheEarliestOfEquals() {
        let index = DeferralIndex([far, two, one, two])
        #expect(index.nearest(to: two)! == (1, 0))
        #expect(index.nearest(to: one)! == (2, 0))
        #expect(index.distinctCount == 3)
        #expect(index.codes == [far, two, one, two])
    }

    @Test func comesBackFromJSON() throws {
        for index in [DeferralIndex(), DeferralIndex([one, far])] {
            let json = try JSONEncoder().encode(index)
            #expect(try JSONDecoder().decode(DeferralIndex.self, from: json) == index)
        }
    }

    @Test func agreesWithComparingOneByOne() {
        var generator = SplitMix64(seed: 4)
        for experts in [4, 16, 32] {
            func code() -> RouteCode {
                RouteCode(
                    chosen: (0..<6).map { _ in generator.subset(of: experts, count: 2) },
                    experts: experts)
            }
            let codes = (0..<200).map { _ in code() }
            let index = DeferralIndex(codes)
            for _ in 0..<20 {
                let wanted = code()
                let distances = codes.map { $0.distance(to: wanted) }
                let nearest = index.nearest(to: wanted)!
                #expect(nearest.distance == distances.min())
                #expect(nearest.index == distances.firstIndex(of: nearest.distance))
            }
        }
    }

    /// With 35 random codes stored, hardly any code is further than 10 away.
    @Test func thePublishedThresholdRejectsNothingOnceCodesAreDiverse() {
        var generator = SplitMix64(seed: 5)
        let index = DeferralIndex((0..<35).map { _ in RouteCodeTests.random(&generator) })
        let accepted = (0..<2_000).filter { _ in
            index.scope(of: RouteCodeTests.random(&generator), threshold: 12).isEdited
        }
        #expect(accepted.count == 2_000)
    }

    @Test func looksUpAmongAHundredThousandCodesQuickly() {
        var generator = SplitMix64(seed: 6)
        let codes = (0..<100_000).map { _ in
            RouteCode(
                chosen: (0..<6).map { _ in generator.subset(of: 32, count: 4) }, experts: 32)
        }
        let index = DeferralIndex(codes)
        let wanted = (0..<20).map { codes[$0 * 4_999] }
        let clock = ContinuousClock()
        var found: [Int] = []
        let time = clock.measure { found = wanted.compactMap { index.nearest(to: $0)?.index } }
        #expect(found == (0..<20).map { $0 * 4_999 })
        // About 0.2 ms each in a release build on the machine this was written on; a debug build
        // on a busy one gets a hundred times that.
        #expect(time / 20 < .milliseconds(50), "\(time / 20) for a look-up")
    }
}
