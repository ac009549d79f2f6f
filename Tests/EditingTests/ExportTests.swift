import Edits
import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Editing

/// What methods hand to other software is what they compute: each preset of each, on both families.
@Suite struct ExportTests {
    /// As published, MELO looks each token up anew, which is no one LoRA.
    static let lowRank = MethodCase.all.filter {
        ["elder", "lora", "melo"].contains($0.entry.name)
            && ($0.entry.name, $0.preset) != ("melo", "paper")
    }
    static let merging = MethodCase.all.filter {
        ["lora", "rome", "r-rome", "ft-l", "ft-m"].contains($0.entry.name)
    }

    @Test func theMethodsWithAFormatAreKnown() throws {
        #expect(Set(Self.lowRank.map(\.entry.name)).count == 3)
        #expect(Set(Self.merging.map(\.entry.name)).count == 5)
        for method in MethodCase.all {
            let editor = try method.editor()
            let name = method.entry.name
            #expect((editor is any LowRankRouting) == ["elder", "lora", "melo"].contains(name))
            if name == "melo" {
                let latches = (editor as? any LowRankRouting)?.latchesRoutes
                #expect(latches == (method.preset != "paper"))
            }
            #expect(
                (editor is any MapEditing)
                    == ["lora", "rome", "r-rome", "ft-l", "ft-m"].contains(name))
        }
    }

    @Test(arguments: lowRank)
    func anAdapterReadAgainGivesTheRoutedModelsScores(_ method: MethodCase) throws {
        let editor = try taught(method)
        var adapters = 0
        for edit in try method.edits {
            guard let route = try editor.route(of: edit.prompt) else { continue }
            adapters += 1
            try withFolder { folder in
                try PEFTAdapter(route).write(
                    to: folder, for: editor.model.configuration, base: "tiny")
                let read = try PEFTAdapter(
                    contentsOf: folder, for: editor.model.configuration)
                let said = try editor.recital(of: edit.prompt, atMost: 4)
                try expect(said, on: editor.model, adaptation: read.route.adaptation)
            }
        }
        #expect(adapters > 0)
    }

    /// W + scale · A · B, multiplied out map by map in plain arithmetic.
    @Test(arguments: lowRank)
    func anAdapterAddedToTheWeightsGivesTheRoutedModelsScores(_ method: MethodCase) throws {
        let editor = try taught(method)
        let edit = try #require(try method.edits.first { try editor.route(of: $0.prompt) != nil })
        let route = try #require(try editor.route(of: edit.prompt))
        let maps = try route.changes.map { change in
            let base = try editor.model.linearMap(at: change.site)
            return EditedMap(
                site: change.site,
                weight: try base.weight + change.product(scale: route.scale), bias: base.bias)
        }
        try withFolder { folder in
            try CausalModel.rewrite(method.folder, to: folder, replacing: maps)
            let said = try editor.recital(of: edit.prompt, atMost: 4)
            try expect(said, on: CausalModel.load(from: folder), adaptation: nil)
        }
    }

    @Test(arguments: merging)
    func aMergedCheckpointGivesTheEditedModelsScores(_ method: MethodCase) throws {
        let editor = try taught(method)
        let maps = try #require(editor as? any MapEditing).editedMaps()
        #expect(!maps.isEmpty)
        try withFolder { folder in
            try CausalModel.rewrite(method.folder, to: folder, replacing: maps)
            let merged = try CausalModel.load(from: folder)
            for prompt in try method.prompts {
                let said = try editor.recital(of: prompt, atMost: 4)
                if method.entry.name == "lora" {
                    try expect(said, on: merged, adaptation: nil)
                } else {
                    let scores = try merged.scores(
                        of: said.answer, after: said.prompt, adaptation: nil)
                    #expect(try scores.isBitEqual(to: said.scores), "\(prompt)")
                }
            }
        }
    }

    @Test(arguments: ["gpt2", "llama"])
    func anAdapterLiesAsPEFTHasIt(_ family: String) throws {
        let method = try #require(
            MethodCase.all.first { $0.entry.name == "lora" && $0.family == family })
        let editor = try taught(method)
        let route = try #require(try editor.route(of: "Tor is in"))
        try withFolder { folder in
            try PEFTAdapter(route).write(
                to: folder, for: editor.model.configuration, base: "tiny")
            let file = try SafetensorsFile(folder.appending(path: "adapter_model.safetensors"))
            let modules = route.changes.map {
                family == "gpt2"
                    ? "transformer.h.\($0.site.block).mlp.c_fc"
                    : "model.layers.\($0.site.block).mlp.down_proj"
            }
            let names = modules.flatMap { module in
                ["A", "B"].map { "base_model.model.\(module).lora_\($0).weight" }
            }
            #expect(file.names == names.sorted())
            let (a, b) = (route.changes[0].a, route.changes[0].b)
            let key = "base_model.model.\(modules[0])"
            #expect(try file.shape(of: "\(key).lora_A.weight") == [a.size(1), a.size(0)])
            #expect(try file.shape(of: "\(key).lora_B.weight") == [b.size(1), b.size(0)])
            let json = try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.appending(path: "adapter_config.json")))
            let config = try #require(json as? [String: Any])
            #expect(config["peft_type"] as? String == "LORA")
            #expect(config["task_type"] as? String == "CAUSAL_LM")
            #expect(config["fan_in_fan_out"] as? Bool == (family == "gpt2"))
            #expect(config["target_modules"] as? [String] == modules)
            #expect(config["r"] as? Int == a.size(1))
            #expect(config["lora_alpha"] as? Double == route.scale * Double(a.size(1)))
            #expect(config["base_model_name_or_path"] as? String == "tiny")
        }
    }

    @Test func anAdapterOfAnotherModelIsRefused() throws {
        let method = try #require(
            MethodCase.all.first { $0.entry.name == "lora" && $0.family == "gpt2" })
        let other = try #require(
            MethodCase.all.first { $0.entry.name == "lora" && $0.family == "llama" })
        let route = try #require(try taught(method).route(of: "Tor is in"))
        try withFolder { folder in
            try PEFTAdapter(route).write(
                to: folder, for: method.model.configuration, base: "tiny")
            let error = #expect(throws: EditError.self) {
                try PEFTAdapter(contentsOf: folder, for: other.model.configuration)
            }
            #expect(error?.message.contains("use the model that the adapter was made for") == true)
        }
    }

    private func taught(_ method: MethodCase) throws -> any EditingMethod {
        var editor = try method.editor()
        try editor.prepare()
        let edits = try method.edits
        for batch in try editor.plan(edits) ?? [Array(edits.indices)] {
            try editor.learn(batch.map { edits[$0] }) { _ in }
        }
        return editor
    }

    private func expect(
        _ said: Recital, on model: CausalModel, adaptation: (any Adaptation)?,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let scores = try model.scores(of: said.answer, after: said.prompt, adaptation: adaptation)
        let difference = Tolerance.float32.firstDifference(
            try scores.floats(), try said.scores.floats())
        #expect(difference == nil, sourceLocation: place)
    }
}

extension EditingMethod {
    fileprivate func route(of prompt: String) throws -> LowRankRoute? {
        try (self as? any LowRankRouting)?.route(of: prompt)
    }
}

extension LowRankChange {
    /// scale · A · B as [out, in], element by element in double precision.
    fileprivate func product(scale: Double) throws -> Tensor {
        let (input, rank, output) = (a.size(0), a.size(1), b.size(1))
        let (left, right) = (try a.floats().map(Double.init), try b.floats().map(Double.init))
        var sums: [Float] = []
        for row in 0..<output {
            for column in 0..<input {
                var sum = 0.0
                for k in 0..<rank { sum += left[column * rank + k] * right[k * output + row] }
                sums.append(Float(sum * scale))
            }
        }
        return try Tensor(sums, shape: [output, input])
    }
}

/// Gives `body` an empty directory that is gone afterwards.
private func withFolder(_ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url)
}
