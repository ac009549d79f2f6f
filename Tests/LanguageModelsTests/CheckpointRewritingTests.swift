import Foundation
import Testing
import Torch

@testable import LanguageModels

/// A checkpoint written once more is the same, but for the maps that were to be replaced.
@Suite struct CheckpointRewritingTests {
    @Test(arguments: TinyModel.allCases, [DType.float32, .float16, .bfloat16])
    func nothingReplacedChangesNoByteOfATensor(_ tiny: TinyModel, _ dtype: DType) throws {
        try withTemporaryDirectory { folder in
            let (source, target) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try tiny.load().save(to: source, dtype: dtype, shardBytes: 8000)
            let types = try CausalModel.rewrite(source, to: target, replacing: [])
            #expect(types.isEmpty)
            #expect(try names(in: source) == names(in: target))
            #expect(try names(in: source).count > 3)
            for name in try names(in: source) {
                let (one, other) = (
                    source.appending(path: name), target.appending(path: name)
                )
                #expect(try Data(contentsOf: one) == Data(contentsOf: other), "\(name)")
            }
        }
    }

    @Test(arguments: TinyModel.allCases)
    func aReplacedMapIsTheOnlyOneThatChanges(_ tiny: TinyModel) throws {
        let model = try tiny.load()
        let site = Site(block: 1, part: .contraction)
        let map = try model.linearMap(at: site)
        let weight = try map.weight * 2 + 0.5
        try withTemporaryDirectory { folder in
            let types = try CausalModel.rewrite(
                tiny.directory, to: folder,
                replacing: [EditedMap(site: site, weight: weight, bias: map.bias)])
            #expect(types == [.float32])
            let merged = try CausalModel.load(from: folder)
            #expect(try merged.linearMap(at: site).weight.isBitEqual(to: weight.contiguous()))
            for (one, other) in zip(model.parameters, merged.parameters)
            where one.name != "\(model.configuration.moduleName(of: site)).weight" {
                #expect(try one.tensor.isBitEqual(to: other.tensor), "\(one.name)")
            }
        }
    }

    @Test func anotherTypeIsStoredAndSaid() throws {
        try withTemporaryDirectory { folder in
            let (source, target) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try TinyModel.gpt2.load().save(to: source, dtype: .float16, shardBytes: 20_000)
            let types = try CausalModel.rewrite(source, to: target, replacing: [], dtype: .float32)
            #expect(types == [.float32])
            let config = try json(target.appending(path: "config.json"))
            #expect(config["torch_dtype"] as? String == "float32")
            let index = try json(target.appending(path: "model.safetensors.index.json"))
            let size = (index["metadata"] as? [String: Any])?["total_size"] as? Int
            #expect(size == (try TinyModel.gpt2.load().byteCount))
            let (one, other) = (
                try CausalModel.load(from: source), try CausalModel.load(from: target)
            )
            for (one, other) in zip(one.parameters, other.parameters) {
                #expect(try one.tensor.isBitEqual(to: other.tensor), "\(one.name)")
            }
        }
    }

    @Test func aMapThatTheCheckpointLacksIsNamed() throws {
        let model = try TinyModel.gpt2.load()
        let weight = try model.linearMap(at: Site(block: 0, part: .expansion)).weight
        let missing = Site(block: 77, part: .expansion)
        try withTemporaryDirectory { folder in
            let error = #expect(throws: ModelError.self) {
                try CausalModel.rewrite(
                    TinyModel.gpt2.directory, to: folder,
                    replacing: [EditedMap(site: missing, weight: weight, bias: nil)])
            }
            #expect(error?.message.contains("transformer.h.77.mlp.c_fc.weight") == true)
        }
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func json(_ url: URL) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    }
}
