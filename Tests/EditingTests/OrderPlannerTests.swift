import Edits
import Testing

@testable import Editing

/// The planner alone, on vectors: it needs no model.
@Suite struct OrderPlannerTests {
    /// Points around `groups` directions, in no order.
    private func points(_ count: Int, groups: Int, spread: Float = 0.3) -> [[Float]] {
        var random = SplitMix64(seed: 4)
        func number() -> Float { Float(random.next() >> 40) / Float(1 << 24) - 0.5 }
        let centers = (0..<groups).map { _ in (0..<8).map { _ in number() } }
        return (0..<count).map { _ in centers[random.below(groups)].map { $0 + spread * number() } }
    }

    @Test(arguments: [1, 7, 20, 25, 60, 100], OrderPlanner.Order.allCases)
    func everyEditIsInOneBatchAndTheSizesAreExact(batchSize: Int, order: OrderPlanner.Order) {
        let points = points(60, groups: 5)
        var planner = OrderPlanner(batchSize: batchSize, seed: 2)
        planner.order = order
        let batches = planner.batches(points)
        #expect(batches.joined().sorted() == Array(0..<60))
        let sizes = batches.map(\.count).sorted(by: >)
        #expect(sizes.dropLast().allSatisfy { $0 == batchSize })
        #expect(batches.count == (60 + batchSize - 1) / batchSize)
        #expect(batches.allSatisfy { $0 == $0.sorted() })
    }

    @Test(arguments: OrderPlanner.Order.allCases)
    func oneSeedGivesOnePlan(order: OrderPlanner.Order) {
        let points = points(60, groups: 5)
        var planner = OrderPlanner(batchSize: 12, seed: 2)
        planner.order = order
        #expect(planner.batches(points) == planner.batches(points))
    }

    @Test func plannedBatchesAreMoreAlikeWithinAndLessAlikeBetweenThanRandomOnes() {
        let points = points(60, groups: 5)
        let planned = OrderPlanner.similarities(
            points, OrderPlanner(batchSize: 12, seed: 2).batches(points))
        var random = SplitMix64(seed: 9)
        let others = (0..<20).map { _ in
            OrderPlanner.similarities(
                points, random.shuffled(Array(0..<60)).chunks(of: 12))
        }
        #expect(planned.within > others.map(\.within).reduce(0, +) / 20)
        #expect(planned.between < others.map(\.between).reduce(0, +) / 20)
    }

    @Test func clearGroupsBecomeTheBatches() {
        // Three points around each of four corners, one after another.
        let corners: [[Float]] = [[9, 0], [0, 9], [-9, 0], [0, -9]]
        let points = (0..<12).map { place in
            corners[place % 4].map { $0 + 0.1 * Float(place / 4) }
        }
        var planner = OrderPlanner(batchSize: 3, seed: 1)
        #expect(planner.batches(points) == (0..<4).map { [$0, $0 + 4, $0 + 8] })
        planner.order = .farthestFirst
        let played = planner.batches(points).map { $0[0] }
        #expect(played.prefix(2) == [0, 2])
    }

    @Test func similaritiesAreMeanCosinesOfPairs() {
        // Centred, these are ±(1, 0) and ±(0, 1) on unit length.
        let points: [[Float]] = [[2, 1], [0, 1], [1, 2], [1, 0]]
        let found = OrderPlanner.similarities(points, [[0, 1], [2, 3]])
        #expect(abs(found.within + 1) < 1e-6)
        #expect(abs(found.between) < 1e-6)
    }

    @Test func pointsThatCoincideAreStillSharedOut() {
        let points = [[Float]](repeating: [1, 2], count: 10)
        let batches = OrderPlanner(batchSize: 4, seed: 1).batches(points)
        #expect(batches.joined().sorted() == Array(0..<10))
        #expect(batches.map(\.count).sorted() == [2, 4, 4])
    }

    @Test func fewEditsAreOneBatchAndNoneAreNone() {
        let planner = OrderPlanner(batchSize: 20, seed: 1)
        #expect(planner.batches([[1, 2], [3, 4]]) == [[0, 1]])
        #expect(planner.batches([]).isEmpty)
    }
}
