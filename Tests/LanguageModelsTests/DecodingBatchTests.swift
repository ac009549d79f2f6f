import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Rows that come and go together say what each says alone.
@Suite struct DecodingBatchTests {
    @Test(arguments: TinyModel.allCases)
    func rowsThatComeAndGoAreScoredAsAlone(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let prompts = [
            [3, 1, 4, 1, 5], [9, 2], [6, 5, 3, 5, 8, 9, 7], [9, 3, 2], [3, 8, 4, 6],
        ]
        var alone = try prompts.map { try Alone(model, $0) }
        var batch = DecodingBatch(model)
        var lanes: [Int: Int] = [:]
        for step in 0..<12 {
            // A row comes with each of the first steps, and some leave before others come.
            if step < prompts.count {
                lanes[step] = try batch.join(alone[step].cache!, adaptation: nil)
            }
            if step == 2 || step == 4 { batch.leave(lanes.removeValue(forKey: step - 2)!) }
            var tokens = [Int?](repeating: nil, count: 8)
            for (row, lane) in lanes { tokens[lane] = (row + step) % 10 }
            let scores = try batch.step(tokens)
            #expect(batch.count == lanes.count)
            for (row, lane) in lanes {
                let own = try alone[row].next((row + step) % 10)
                let difference = Tolerance.batch.firstDifference(
                    try scores.at(dim: 0, index: lane).floats(), own)
                #expect(difference == nil, "row \(row), step \(step): \(difference ?? "")")
            }
        }
    }

    @Test func adaptationsAreComputedForTheirOwnRows() throws {
        let model = try TinyModel.gpt2.load()
        let site = Site(block: 0, part: .expansion)
        let rows: [(any Adaptation)?] = [
            Recorder([site], shift: 1), nil, Recorder([site], shift: 2), Recorder([site], shift: 1),
        ]
        let joined = try JoinedAdaptation(rows, model)
        let base = try Tensor.zeros([4, 1, 3], dtype: .float32)
        let output = try joined.output(at: site, input: base, base: base, start: 1)
        #expect(try output.floats() == [1, 1, 1, 0, 0, 0, 2, 2, 2, 1, 1, 1])
        #expect(!joined.adapts(Site(block: 1, part: .expansion)))
    }
}

/// One row by itself.
private struct Alone {
    let model: CausalModel
    var cache: KeyValueCache? = KeyValueCache()

    init(_ model: CausalModel, _ prompt: [Int]) throws {
        self.model = model
        _ = try model.hidden(TokenBatch([prompt]), cache: &cache)
    }

    mutating func next(_ token: Int) throws -> [Float] {
        try model.logits(model.hidden(TokenBatch([[token]]), cache: &cache)).floats()
    }
}
