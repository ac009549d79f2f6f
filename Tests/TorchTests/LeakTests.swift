import Foundation
import TestSupport
import Testing
import Torch

/// Every handle is given back, also when something goes wrong.
@Suite(.serialized) struct LeakTests {
    private func expectNoLeaks(
        location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) rethrows {
        let isLeaking = try isLeaking(live: { Engine.liveTensors }, body)
        #expect(!isLeaking, sourceLocation: location)
    }

    @Test func aKeptTensorIsCounted() throws {
        var kept: [Tensor] = []
        let leaks = try isLeaking(live: { Engine.liveTensors }) { kept.append(try .ones([1])) }
        #expect(leaks)
        #expect(!kept.isEmpty)
    }

    @Test func operationsGiveTheirTensorsBack() throws {
        try expectNoLeaks {
            let x = try Tensor.normal([2, 4], deviation: 1, seed: 1)
            _ = try (x * 2 + x).matmul(x.transposed(0, 1)).softmax(dim: -1).topK(1, dim: -1).indices
            _ = try Tensor.concatenated([x, x], dim: 0).floats()
        }
    }

    @Test func aTrainingStepGivesItsTensorsBack() throws {
        let x = try Tensor.normal([4], deviation: 1, seed: 1).requireGradient()
        var optimizer = Adam(parameters: [x], learningRate: 0.1)
        try expectNoLeaks {
            try (x * x).sum().backward()
            try optimizer.step()
        }
    }

    @Test func aFailedCallGivesItsTensorsBack() throws {
        let x = try Tensor.ones([2, 3])
        expectNoLeaks {
            #expect(throws: TorchError.self) { try (x * 2).matmul(x) }
            #expect(throws: TorchError.self) { try Tensor([1], shape: [2]) }
            #expect(throws: TorchError.self) { try x.topK(9, dim: 0) }
        }
    }

    @Test func aMappedTensorGivesItsHandleBack() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "leak-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try writeSafetensors(["x": .ones([3])], to: url)
        try expectNoLeaks { _ = try SafetensorsFile(url).tensor(named: "x").floats() }
    }
}
