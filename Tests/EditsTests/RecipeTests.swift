import Edits
import Foundation
import Testing

/// The files in `Configs/` are what their names say.
@Suite struct RecipeTests {
    /// Recipe, and the preset it stands for: blocks of the model, and the edited map.
    private static let presets: [String: (blocks: Int, part: ELDERConfig.Part)] = [
        "elder-paper-gpt2xl.json": (48, .expansion),
        "elder-paper-llama2-7b.json": (32, .contraction),
        "elder-paper-12-blocks.json": (12, .expansion),
    ]

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent()  // EditsTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()
        .appending(path: "Configs")

    private static func recipes() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
    }

    @Test func everyRecipeLoads() throws {
        for file in try Self.recipes() {
            try ELDERConfig(json: Data(contentsOf: file)).validate()
        }
    }

    @Test func everyRecipeIsThePresetItsNameClaims() throws {
        let files = try Self.recipes()
        #expect(Set(files.map(\.lastPathComponent)) == Set(Self.presets.keys))
        for file in files {
            let name = file.lastPathComponent
            let preset = try #require(Self.presets[name], "no preset is known for \(name)")
            let config = try ELDERConfig(json: Data(contentsOf: file))
            let expected = try ELDERConfig.paper(blocks: preset.blocks, part: preset.part)
            #expect(config == expected, "\(name)")
        }
    }

    /// So that a reader sees the whole recipe, and a new switch is not forgotten in the files.
    @Test func everyRecipeSpellsOutEveryKey() throws {
        for file in try Self.recipes() {
            let data = try Data(contentsOf: file)
            let complete = try Self.keys(of: ELDERConfig(json: data).json())
            let written = try Self.keys(of: data)
            #expect(written == complete, "\(file.lastPathComponent)")
        }
    }

    private static func keys(of json: Data) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: json)
        let keys = try #require(object as? [String: Any]).keys
        return Set(keys)
    }
}
