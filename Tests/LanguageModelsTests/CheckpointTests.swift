import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@Suite struct CheckpointTests {
    @Test(arguments: TinyModel.allCases, [5_000_000_000, 10_000])
    func aSavedModelLoadsBitForBit(_ tiny: TinyModel, shardBytes: Int) throws {
        try withTemporaryDirectory { directory in
            let model = try tiny.load()
            try model.save(to: directory, shardBytes: shardBytes)
            let again = try CausalModel.load(from: directory)
            #expect(again.configuration == model.configuration)
            for (old, new) in zip(model.parameters, again.parameters) {
                #expect(old.name == new.name)
                #expect(try old.tensor.isBitEqual(to: new.tensor), "\(old.name)")
            }
        }
    }

    @Test func savingAgainLeavesNothingOldToBeFound() throws {
        try withTemporaryDirectory { directory in
            let first = try TinyModel.gpt2.load()
            try first.save(to: directory)
            let other = try CausalModel.random(first.configuration, seed: 1)
            try other.save(to: directory, shardBytes: 10_000)
            let loaded = try CausalModel.load(from: directory)
            #expect(
                try loaded.parameters[0].tensor.isBitEqual(to: other.parameters[0].tensor))
        }
    }

    @Test(arguments: [DType.float16, .bfloat16])
    func halfPrecisionFilesLoad(_ dtype: DType) throws {
        try withTemporaryDirectory { directory in
            let model = try TinyModel.gpt2.load()
            try model.save(to: directory, dtype: dtype)
            let again = try CausalModel.load(from: directory)
            let rounded = try model.parameters[2].tensor.to(dtype).to(.float32)
            #expect(try again.parameters[2].tensor.isBitEqual(to: rounded))
            #expect(try CausalModel.load(from: directory, dtype: .bfloat16).dtype == .bfloat16)
        }
    }

    @Test(arguments: TinyModel.allCases)
    func parametersAreCountedThroughLinks(_ tiny: TinyModel) throws {
        try withTemporaryDirectory { directory in
            // As in the Hugging Face cache, where every file is a link.
            for name in try FileManager.default.contentsOfDirectory(atPath: tiny.directory.path) {
                try FileManager.default.createSymbolicLink(
                    at: directory.appending(path: name),
                    withDestinationURL: tiny.directory.appending(path: name))
            }
            let count = try CausalModel.parameterCount(in: directory)
            #expect(try count == tiny.load().parameterCount)
        }
    }

    @Test(arguments: [
        (#", "eos_token_id": 5"#, #"{"eos_token_id": [7, 5, 9]}"#, [5, 7, 9]),
        (#", "eos_token_id": [5, 6]"#, #"{"eos_token_id": 7}"#, [5, 6, 7]),
        ("", #"{"eos_token_id": [7, 5]}"#, [7, 5]),
        (#", "eos_token_id": 5"#, #"{"eos_token_id": null}"#, [5]),
    ])
    func generationSettingsAddWhatEndsAText(
        _ extra: String, _ generation: String, _ ends: [Int]
    ) throws {
        try withTemporaryDirectory { directory in
            let sizes = #""vocab_size": 64, "n_embd": 16, "n_layer": 2, "n_head": 2"#
            try write("config.json", #"{"model_type": "gpt2", \#(sizes)\#(extra)}"#)(directory)
            try write("generation_config.json", generation)(directory)
            #expect(try CausalModel.configuration(in: directory).endOfText == ends)
        }
    }

    @Test func badGenerationSettingsAreExplained() throws {
        #expect(
            try message(after: write("generation_config.json", #"{"eos_token_id": "</s>"}"#))
                == "DIR/generation_config.json must be JSON whose 'eos_token_id', if any, is a number "
                + "or a list of numbers, but is not; download it again.")
    }

    /// What loading says when `change` has been at the files of a whole checkpoint.
    private func message(
        _ tiny: TinyModel = .gpt2, dtype: DType? = nil, after change: (URL) throws -> Void
    ) throws -> String {
        var message = "no error"
        try withTemporaryDirectory { directory in
            let copy = directory.appending(path: "model")
            try FileManager.default.copyItem(at: tiny.directory, to: copy)
            try change(copy)
            do {
                _ = try CausalModel.load(from: copy, dtype: dtype)
            } catch {
                message = "\(error)".replacingOccurrences(of: copy.path, with: "DIR")
            }
        }
        return message
    }

    private func remove(_ name: String) -> (URL) throws -> Void {
        { try FileManager.default.removeItem(at: $0.appending(path: name)) }
    }

    private func write(_ name: String, _ text: String) -> (URL) throws -> Void {
        { try Data(text.utf8).write(to: $0.appending(path: name)) }
    }

    /// Rewrites the weight file of tiny-gpt2.
    private func rewrite(_ change: @escaping (inout [String: Tensor]) throws -> Void)
        -> (URL) throws -> Void
    {
        { directory in
            let url = directory.appending(path: "model.safetensors")
            var tensors: [String: Tensor] = [:]
            do {
                let file = try SafetensorsFile(url)
                for name in file.names { tensors[name] = try file.tensor(named: name).copy() }
            }
            try change(&tensors)
            try writeSafetensors(tensors, to: url)
        }
    }

    @Test func aMissingTensorIsNamed() throws {
        let name = "transformer.h.1.mlp.c_fc.weight"
        let said = try message(.gpt2, after: rewrite { $0[name] = nil })
        #expect(
            said == "The model needs a tensor '\(name)', but the files in DIR have none; "
                + "download the checkpoint again or correct config.json.")
    }

    @Test func anExtraTensorIsNamed() throws {
        let said = try message(
            .gpt2, after: rewrite { $0["transformer.h.3.ln_1.bias"] = try .zeros([16]) })
        #expect(
            said == "The model has no place for the tensor 'transformer.h.3.ln_1.bias' in DIR; "
                + "check that config.json belongs to these weights.")
    }

    @Test func aMisshapedTensorIsNamed() throws {
        let said = try message(
            .gpt2, after: rewrite { $0["transformer.ln_f.bias"] = try .zeros([15]) })
        #expect(
            said
                == "The tensor 'transformer.ln_f.bias' must have shape [16] by config.json, but has "
                + "[15]; take config.json and weights from the same model.")
    }

    @Test func quantisedWeightsAreRefused() throws {
        let said = try message(
            .gpt2, after: rewrite { $0["transformer.ln_f.bias"] = try .zeros([16], dtype: .uint8) })
        #expect(said.contains("quantised checkpoints are not supported"))
    }

    @Test func olderNamesAndBuffersAreUnderstood() throws {
        let change = rewrite { tensors in
            var bare: [String: Tensor] = ["lm_head.weight": tensors["transformer.wte.weight"]!]
            for (name, tensor) in tensors { bare[String(name.dropFirst(12))] = tensor }
            bare["h.0.attn.bias"] = try .ones([1, 1, 32, 32])
            bare["h.0.attn.masked_bias"] = try .ones([])
            tensors = bare
        }
        #expect(try message(.gpt2, after: change) == "no error")
    }

    @Test func aTruncatedFileIsNamed() throws {
        let said = try message { directory in
            let url = directory.appending(path: "model.safetensors")
            let bytes = try Data(contentsOf: url)
            try bytes.prefix(bytes.count / 2).write(to: url)
        }
        #expect(said.hasPrefix("DIR/model.safetensors is not a whole safetensors file"))
        #expect(said.hasSuffix("download it again."))
    }

    @Test func aMissingShardIsNamed() throws {
        let shard = "model-00002-of-00003.safetensors"
        #expect(
            try message(.llama, after: remove(shard))
                == "model.safetensors.index.json names the file '\(shard)', but DIR does not have "
                + "it; download that shard.")
    }

    @Test func aDirectoryWithoutWeightsOrConfigurationSaysSo() throws {
        #expect(
            try message(after: remove("model.safetensors"))
                == "A model directory holds model.safetensors or model.safetensors.index.json, but "
                + "DIR has neither; download the weights.")
        #expect(
            try message(after: remove("config.json"))
                == "A model directory holds config.json, but DIR has none; give a directory in the "
                + "Hugging Face layout.")
    }

    @Test func aPickleIsNotOpened() throws {
        let said = try message { directory in
            try self.remove("model.safetensors")(directory)
            try self.write("pytorch_model.bin", "x")(directory)
        }
        #expect(
            said == "Weights must be safetensors, but DIR holds only pickled ones "
                + "(pytorch_model.bin), which can run code when opened; convert them with "
                + "transformers' save_pretrained.")
    }

    @Test func aBadConfigurationIsExplained() throws {
        #expect(
            try message(after: write("config.json", "{\"n_embd\": "))
                == "config.json must be a JSON object, but it cannot be read as one; download the "
                + "file again or correct it.")
        #expect(
            try message(after: write("config.json", #"{"model_type": "gpt2", "n_embd": "wide"}"#))
                == "config.json: 'n_embd' must be of type Int, but something else stands there; "
                + "correct that value.")
        #expect(
            try message(after: write("config.json", #"{"model_type": "gpt2", "n_head": 2}"#))
                == "config.json must give 'n_embd' for a model of type 'gpt2', but the key is "
                + "missing; add it.")
        #expect(
            try message(after: write("config.json", #"{"model_type": "mamba"}"#))
                == "The model's architecture must be gpt2 or llama, but config.json gives "
                + "'mamba'; choose a model of one of these families.")
    }

    @Test func aBadIndexIsExplained() throws {
        #expect(
            try message(.llama, after: write("model.safetensors.index.json", "[]"))
                == "DIR/model.safetensors.index.json must be JSON with a 'weight_map', but is not; "
                + "download it again.")
    }

    @Test(arguments: ["../a.safetensors", "sub/a.safetensors", "a.bin", "/\u{301}.safetensors"])
    func anIndexNamesFilesBesideItAlone(_ name: String) throws {
        #expect(
            try message(
                .llama,
                after: write("model.safetensors.index.json", #"{"weight_map": {"a": "\#(name)"}}"#))
                == "model.safetensors.index.json must name .safetensors files beside it, but names "
                + "'\(name)'; download the index again or correct it.")
    }

    @Test func onlyTypesThatComputeAreAccepted() throws {
        #expect(
            try message(dtype: .float16) { _ in }
                == "A model is computed in f32 or bf16, but f16 was asked for; choose one of the two "
                + "(files may hold f16).")
    }
}
