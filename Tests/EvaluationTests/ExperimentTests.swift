import Edits
import Foundation
import Testing

@testable import Evaluation

/// Recipes, and the streams that they stand for.
@Suite struct ExperimentTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL

    private func data() throws -> LabData {
        let edits = Self.root.appending(path: "Models/world-gpt2/edits.jsonl")
        return try LabData(in: nil, files: [.zsre: edits], target: .alternative)
    }

    private func experiment(_ json: String) throws -> Experiment {
        try JSONDecoder().decode(Experiment.self, from: Data(json.utf8))
    }

    private func experiment(streams: String) throws -> Experiment {
        try experiment(
            #"{"title": "T", "source": "S", "shows": ["answers"], "streams": [\#(streams)]}"#)
    }

    @Test func everyCommittedRecipeCanBePlanned() throws {
        let recipes = try Experiment.all(in: Self.root.appending(path: "Configs/reproduce"))
        #expect(
            recipes.map(\.name) == [
                "figure2", "figure3", "figure4", "forgetting", "lifelong", "orders", "sweeps",
                "table1", "table2", "table3", "table4",
            ])
        let data = try data()
        for recipe in recipes {
            let plan = try recipe.plan(on: data)
            #expect(!plan.streams.isEmpty && plan.streams.allSatisfy { $0.data == .zsre })
            #expect(Set(plan.streams.map(\.name)).count == plan.streams.count)
            // A published row that names no method of the recipe would never be seen.
            let methods = Set(plan.streams.map(\.method))
            for row in recipe.published?.values.flatMap(\.rows.keys) ?? [] {
                #expect(methods.contains(row), "\(recipe.name): \(row)")
            }
            // One value alone has nothing to be compared with, and is not shown.
            for (key, values) in recipe.streams.flatMap(\.vary) {
                #expect(values.count > 1, "\(recipe.name): \(key)")
            }
        }
    }

    @Test func everyKeyIsDocumented() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "Configs/reproduce/README.md"), encoding: .utf8)
        let keys =
            "title source note shows streams published data methods edits marks probeEvery "
            + "localityPerEdit unrelated order split seeds tasks settings dividing vary"
        for key in keys.split(separator: " ").map(String.init)
            + Exhibit.Kind.allCases.map(\.rawValue)
        {
            #expect(text.contains("`\(key)`"), "\(key)")
        }
    }

    @Test func valuesVaryOneKeyAtATime() throws {
        let recipe = try experiment(
            streams: """
                {"data": ["zsre"], "methods": ["elder:paper", "lora"], "edits": 10, "seeds": [1, 2],
                 "settings": {"steps": 3}, "dividing": {"elder.batchSize": 4},
                 "vary": {"elder.active": [1, 2], "elder.guidanceWeight": [0.5]}}
                """)
        let streams = try recipe.plan(on: data()).streams
        #expect(streams.count == 3 * 2 + 1 * 2)
        #expect(streams[0].settings == ["steps": "3", "batchSize": "3", "active": "1"])
        #expect(streams[4].settings == ["steps": "3", "batchSize": "3", "guidanceWeight": "0.5"])
        #expect(streams[6].method == "lora" && streams[6].settings == ["steps": "3"])
        #expect(
            streams[1].name == "zsre-10-elder-paper-active=1-batchSize=3-steps=3-seed2")
    }

    @Test func aCurveKeepsWholeMarksOrItsShape() throws {
        let recipe = try experiment(
            streams: """
                {"data": ["zsre", "counterfact"], "methods": ["lora"], "edits": 40,
                 "marks": [10, 20, 30, 40]}
                """)
        let whole = try recipe.plan(on: data())
        #expect(whole.streams.map(\.edits) == [40] && whole.streams[0].marks == [10, 20, 30])
        #expect(whole.notices == ["T: CounterFact is not at hand and is left out."])
        var scale = LabScale()
        scale.edits = 35
        #expect(try recipe.plan(on: data(), scale: scale).streams[0].edits == 30)
        scale.edits = 8
        let short = try recipe.plan(on: data(), scale: scale).streams[0]
        #expect(short.edits == 8 && short.marks == [2, 4, 6])
    }

    @Test func aMethodMayHaveALengthOfItsOwn() throws {
        let recipe = try experiment(
            streams: """
                {"data": ["zsre"], "methods": ["lora", "elder:paper", "elder:default"], "edits": 20,
                 "dividing": {"lora.batchSize": 5}}
                """)
        var scale = LabScale()
        scale.edits = 10
        scale.editsOfMethods = ["elder": 30, "elder:paper": 15]
        let streams = try recipe.plan(on: data(), scale: scale).streams
        #expect(streams.map(\.edits) == [10, 15, 20])
        // What divides the edits divides those that are taught.
        #expect(streams[0].settings == ["batchSize": "2"])
    }

    @Test func whatTwoRecipesShareIsMeasuredOnceWithTheMostTasks() throws {
        let plain = try experiment(
            streams: #"{"data": ["zsre"], "methods": ["lora"], "edits": 4}"#)
        let asking = try experiment(
            streams: #"{"data": ["zsre"], "methods": ["lora"], "edits": 4, "tasks": 9}"#)
        let both = try plain.plan(on: data()).streams + asking.plan(on: data()).streams
        #expect(both.distinct.map(\.tasks) == [9])
        #expect(both[1].covers(both[0]) && !both[0].covers(both[1]))
    }

    @Test(arguments: [
        (#""edit": 4"#, "recipe key `edit` is unknown; did you mean `edits`?"),
        (#""edits": 0"#, "expected counts above 0 and at least one seed."),
        (#""edits": 4, "marks": [5]"#, "expected `marks` ascending and within `edits`, got [5]."),
    ]) func aRecipeThatMakesNoSenseIsRefused(keys: String, sentence: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let text =
            #"{"title": "T", "source": "S", "shows": [], "#
            + #""streams": [{"data": ["zsre"], "methods": ["lora"], \#(keys)}]}"#
        try Data(text.utf8).write(to: file)
        let error = try #require(throws: EvaluationError.self) { try Experiment(file) }
        #expect(error.message.contains(file.path) && error.message.contains(sentence))
    }
}
