import Foundation
import Testing

@testable import Edits

@Suite struct CodeAllocatorTests {
    func paper(seed: UInt64 = 7) -> CodeAllocator {
        CodeAllocator(layers: 6, experts: 4, active: 2, seed: seed)
    }

    @Test func sameLabelSameCodeOtherLabelOtherCode() throws {
        var allocator = paper()
        let paris = try allocator.reserve("Paris")
        #expect(try allocator.reserve("  Paris\n") == paris)
        #expect(try allocator.reserve("Rome") != paris)
        #expect(allocator.code(of: "Paris") == paris)
        #expect(allocator.code(of: "Oslo") == nil)
        #expect(allocator.count == 2)
    }

    @Test func tenThousandLabelsHaveTenThousandCodes() throws {
        var allocator = paper()
        let codes = try (0..<10_000).map { try allocator.reserve("label \($0)") }
        #expect(Set(codes).count == 10_000)
        #expect(allocator.capacity == 46_656)
    }

    @Test func everySubsetIsEquallyLikely() {
        var generator = SplitMix64(seed: 8)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<60_000 { counts[generator.subset(of: 4, count: 2), default: 0] += 1 }
        #expect(counts.count == 6)
        // Five standard deviations of a binomial with p = 1/6.
        for count in counts.values { #expect(abs(count - 10_000) < 457) }
    }

    @Test func goesOnAfterSavingAsIfItHadNotStopped() throws {
        var allocator = paper()
        for label in 0..<100 { _ = try allocator.reserve("\(label)") }
        let json = try JSONEncoder().encode(allocator)
        var restored = try JSONDecoder().decode(CodeAllocator.self, from: json)
        #expect(restored == allocator)
        for label in 90..<200 {
            #expect(try restored.reserve("\(label)") == allocator.reserve("\(label)"))
        }
    }

    @Test func oneSeedOneSequence() throws {
        var (left, right, other) = (paper(), paper(), paper(seed: 9))
        let codes = try (0..<20).map { try left.reserve("\($0)") }
        #expect(try (0..<20).map { try right.reserve("\($0)") } == codes)
        #expect(try (0..<20).map { try other.reserve("\($0)") } != codes)
    }

    @Test func aFullTableSaysSoAndStaysAsItWas() throws {
        var allocator = CodeAllocator(layers: 1, experts: 4, active: 2, seed: 10)
        for label in 0..<6 { _ = try allocator.reserve("\(label)") }
        let before = allocator
        let error = #expect(throws: EditError.self) { try allocator.reserve("seventh") }
        #expect(error?.message.contains("6 labels hold nearly all of the 6 codes") == true)
        #expect(allocator == before)
    }

    /// The reference values of the generator's authors for seed 1234567.
    @Test func theGeneratorIsSplitMix64() {
        var generator = SplitMix64(seed: 1_234_567)
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
            ])
    }
}
