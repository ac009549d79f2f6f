import Foundation
import LanguageModels
import Testing
import Torch

@Suite struct ConfigurationTests {
    private func llama(_ extra: String) throws -> ModelConfiguration {
        let text = """
            {"model_type": "llama", "vocab_size": 64, "hidden_size": 16, "intermediate_size": 24,
             "num_hidden_layers": 2, "num_attention_heads": 4\(extra)}
            """
        return try ModelConfiguration(huggingFace: Data(text.utf8))
    }

    @Test func bothWaysToWriteRotaryScalingMeanTheSame() throws {
        let old = try llama(
            #", "rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2}"#)
        let new = try llama(
            #", "rope_parameters": {"rope_type": "linear", "factor": 2, "rope_theta": 5e5}"#)
        #expect(old == new)
        #expect(old.rotary?.base == 500_000)
        #expect(old.rotary?.scaling == .linear(factor: 2))
    }

    @Test(arguments: [
        "", #", "rope_scaling": null"#,
        #", "rope_scaling": {"rope_type": "dynamic", "factor": 2.5}"#,
        #", "rope_scaling": {"rope_type": "yarn", "factor": 4, "mscale": 1, "mscale_all_dim": 0.5}"#,
        #", "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "#
            + #""high_freq_factor": 4, "original_max_position_embeddings": 32}"#,
        #", "eos_token_id": [2, 7], "bos_token_id": 1, "attention_bias": true, "head_dim": 6"#,
        #", "eos_token_id": null, "bos_token_id": null"#,
    ])
    func whatIsWrittenReadsTheSame(_ extra: String) throws {
        let configuration = try llama(extra)
        #expect(
            try ModelConfiguration(huggingFace: configuration.huggingFaceJSON()) == configuration)
    }

    @Test func linearScalingReachesAsFarAsTheFileSays() throws {
        let trained = #", "max_position_embeddings": 4096"#
        let tuned = trained + #", "max_sequence_length": 16384"#
        let linear = #", "rope_scaling": {"type": "linear", "factor": 4}"#
        #expect(try llama(tuned + linear).maximumLength == 16384)
        #expect(try llama(trained + linear).maximumLength == 4096)
        #expect(try llama(tuned).maximumLength == 4096)
        #expect(try llama(#", "max_sequence_length": 1024"# + linear).maximumLength == 2048)
    }

    @Test func namedConfigurationsReadTheSame() throws {
        for configuration in [ModelConfiguration.gpt2Small, .gpt2XL, .llama2_7B] {
            let data = try configuration.huggingFaceJSON(dtype: .bfloat16)
            #expect(try ModelConfiguration(huggingFace: data) == configuration)
        }
    }

    @Test func aFamilysOwnTokensStandWhereTheFileIsSilent() throws {
        #expect(try llama("").beginningOfText == 1)
        #expect(try llama("").endOfText == [2])
        let null = try llama(#", "bos_token_id": null, "eos_token_id": null"#)
        #expect(null.beginningOfText == nil)
        #expect(null.endOfText == [])
        let sizes = #""n_embd": 16, "n_layer": 2, "n_head": 2"#
        func gpt2(_ vocabulary: Int) throws -> ModelConfiguration {
            let text = #"{"model_type": "gpt2", "vocab_size": \#(vocabulary), \#(sizes)}"#
            return try ModelConfiguration(huggingFace: Data(text.utf8))
        }
        #expect(try gpt2(50257).beginningOfText == 50256)
        #expect(try gpt2(50257).endOfText == [50256])
        #expect(try gpt2(50256).endOfText == [], "a token that the vocabulary lacks")
    }

    @Test(arguments: [
        #", "rope_scaling": {"rope_type": "longrope"}"#: "rotary scaling 'longrope'",
        #", "rope_scaling": {"rope_type": "linear"}"#: "'rope_scaling.factor'",
        #", "hidden_act": "mish""#: "activation 'mish'",
        #", "num_key_value_heads": 3"#: "share 3 key-value heads evenly",
        #", "head_dim": 5"#: "even head width",
        #", "max_position_embeddings": 0"#: "context length must be at least 1",
        #", "max_position_embeddings": 1000000000000"#: "context length must be at least 1",
        #", "rope_theta": 0"#: "a base above 0",
        #", "rope_theta": -1e4"#: "a base above 0",
        #", "rope_scaling": {"rope_type": "dynamic", "factor": 1e16}"#: "a factor from 1 to",
        #", "rope_scaling": {"rope_type": "linear", "factor": 0}"#: "a factor from 1 to",
    ])
    func whatIsNotSupportedIsNamed(_ extra: String, _ words: String) throws {
        var message = ""
        do { _ = try llama(extra) } catch { message = "\(error)" }
        #expect(message.contains(words))
        #expect(message.hasSuffix("."))
    }

    @Test func aWidthBeyondAllMeasureIsNamed() throws {
        let text = #"""
            {"model_type": "gpt2", "vocab_size": 64, "n_layer": 2, "n_head": 2,
             "n_embd": 4611686018427387904}
            """#
        let error = #expect(throws: ModelError.self) {
            try ModelConfiguration(huggingFace: Data(text.utf8))
        }
        #expect(error?.message.contains("model's width must be") == true)
    }
}
