import Foundation
import Testing

@testable import Evaluation

/// ROUGE against the package that the benchmarks use; see reference/rouge_fixture.py.
@Suite struct RougeTests {
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let target: String
            let prediction: String
            let rouge1: Double
            let rouge2: Double
            let rougeL: Double
        }
        let package: String
        let cases: [Case]
    }

    @Test func equalsThePackage() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/rouge.json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
        #expect(fixture.package.hasPrefix("rouge-score ") && fixture.cases.count > 10)
        for pair in fixture.cases {
            let rouge = Rouge(pair.prediction, target: pair.target)
            let words = Comment(rawValue: "\(pair.target) | \(pair.prediction)")
            // The same sums in the same order: equal to the last bit.
            #expect(rouge.one == pair.rouge1, words)
            #expect(rouge.two == pair.rouge2, words)
            #expect(rouge.longest == pair.rougeL, words)
        }
    }

    /// Words: precision 4/4, recall 4/6. Pairs: 1/3 and 1/5. In order, “the the the”: 3/4 and 3/6.
    @Test func countsByHand() {
        let rouge = Rouge("the the the cat", target: "the cat the dog the end")
        #expect(abs(rouge.one - 0.8) < 1e-12)
        #expect(abs(rouge.two - 0.25) < 1e-12)
        #expect(abs(rouge.longest - 0.6) < 1e-12)
        #expect(abs(rouge.mean - (0.8 + 0.25 + 0.6) / 3) < 1e-12)
    }
}
