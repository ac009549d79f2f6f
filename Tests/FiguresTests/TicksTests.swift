import Testing

@testable import Figures

@Suite struct TicksTests {
    @Test func linearTicksAreMultiplesOfOneTwoOrFive() {
        #expect(Ticks.linear(0...100, about: 5) == [0, 20, 40, 60, 80, 100])
        #expect(Ticks.linear(0...1, about: 5) == [0, 0.2, 0.4, 0.6, 0.8, 1])
        #expect(Ticks.linear(0.1...0.35, about: 5) == [0.1, 0.15, 0.2, 0.25, 0.3, 0.35])
        #expect(Ticks.linear(-7...12, about: 4) == [-5, 0, 5, 10])
        #expect(Ticks.linear(15...286, about: 6) == [50, 100, 150, 200, 250])
        #expect(Ticks.linear(0...2_629_120, about: 5) == [0, 1e6, 2e6])
    }

    @Test func anAxisIsWidenedToWholeSteps() {
        #expect(Ticks.rounded(3...97, about: 5) == 0...100)
        #expect(Ticks.rounded(0...100, about: 5) == 0...100)
        #expect(Ticks.rounded(-0.3...0.31, about: 5) == -0.4...0.4)
    }

    @Test func logarithmicTicksThinOutOverManyPowers() {
        #expect(Ticks.logarithmic(1000...10000, about: 7) == [1000, 2000, 5000, 10000])
        #expect(Ticks.logarithmic(0.001...10, about: 7) == [0.001, 0.01, 0.1, 1, 10])
        #expect(Ticks.logarithmic(1...1e8, about: 5) == [1, 100, 1e4, 1e6, 1e8])
        #expect(Ticks.logarithmic(200...700, about: 1) == [200, 500])
    }

    @Test func aLogarithmicAxisEndsAtRoundNumbers() {
        #expect(Ticks.rounded(logarithmic: 0.3...42) == 0.2...50)
        #expect(Ticks.rounded(logarithmic: 1...1000) == 1...1000)
    }

    @Test func zeroHasNoPlaceOnALogarithmicAxis() {
        let axis = Axis("Loss", scale: .logarithmic, covering: 0...1)
        #expect(!axis.admits(0) && !axis.admits(-1) && axis.admits(1e-9))
        #expect(axis.extent(of: [0, 0.01]) == 0.01...1)
        #expect(!Axis("Loss").admits(.nan) && Axis("Loss").admits(-1))
        #expect(Axis("Loss").extent(of: [3]) == 2.5...3.5)
        #expect(Axis("Loss").extent(of: [1e18]) == 0.9e18...1.1e18)
        #expect(axis.extent(of: []) == 0.5...2)
    }

    @Test func numbersAreWrittenAsPeopleReadThem() {
        #expect(NumberText.short(1234) == "1,234" && NumberText.short(0) == "0")
        #expect(NumberText.short(1.795) == "1.79" || NumberText.short(1.795) == "1.80")
        #expect(NumberText.short(0.000823) == "0.000823")
        #expect(NumberText.short(1_966_080) == "1.97\u{00A0}M")
        #expect(NumberText.short(1.5e9) == "1.50\u{00A0}B")
        #expect(NumberText.short(0.00002) == "2·10⁻⁵" && NumberText.short(1e-10) == "10⁻¹⁰")
        #expect(NumberText.short(-0.5) == "−0.500" && NumberText.short(.nan) == "not finite")
        #expect(NumberText.round(0.5) == "0.5" && NumberText.round(2e6) == "2\u{00A0}M")
        #expect(NumberText.ticks([0, 0.5, 1]) == ["0", "0.5", "1.0"])
        #expect(NumberText.ticks([-2000, 0, 2000]) == ["−2,000", "0", "2,000"])
        #expect(NumberText.ticks([0, 1e6, 2e6]) == ["0", "1\u{00A0}M", "2\u{00A0}M"])
    }
}
