import Edits
import Foundation
import Testing

@Suite struct ELDERConfigTests {
    @Test func thePaperEditsItsPublishedBlocks() throws {
        let gpt2XL = try ELDERConfig.paper(blocks: 48, part: .expansion)
        #expect(gpt2XL.blocks == 36..<42)
        #expect(gpt2XL.queryBlock == 35)
        let llama2 = try ELDERConfig.paper(blocks: 32, part: .contraction)
        #expect(llama2.blocks == 21..<27)
        #expect(llama2.queryBlock == 20)
    }

    @Test func smallerModelsAreEditedAtTheLikePlace() throws {
        let twelve = try ELDERConfig.paper(blocks: 12, part: .expansion)
        #expect(twelve.blocks == 5..<11)
        #expect(twelve.queryBlock == 4)
        for blocks in 2...60 {
            for part in ELDERConfig.Part.allCases {
                let config = try ELDERConfig.paper(blocks: blocks, part: part)
                try config.validate(againstBlocks: blocks)
                #expect(config.layers == (blocks < 8 ? config.layers : 6))
                #expect(config.queryBlock == config.firstBlock - 1)
            }
        }
        #expect(throws: EditError.self) { try ELDERConfig.paper(blocks: 1, part: .expansion) }
    }

    /// The counts of the two published configurations.
    @Test func countsTheParametersOfThePaper() throws {
        let gpt2XL = try ELDERConfig.paper(blocks: 48, part: .expansion)
        #expect(
            gpt2XL.parameterCount(inputWidth: 1600, outputWidth: 6400, queryWidth: 1600)
                == 1_574_424)
        let llama2 = try ELDERConfig.paper(blocks: 32, part: .contraction)
        #expect(
            llama2.parameterCount(inputWidth: 11008, outputWidth: 4096, queryWidth: 11008)
                == 3_164_184)
    }

    @Test func thePaperPresetHasThePapersConstants() throws {
        let config = try ELDERConfig.paper(blocks: 48, part: .expansion)
        #expect(config.experts == 4 && config.active == 2 && config.rank == 8)
        #expect(config.alpha == 8 && config.guidanceWeight == 0.01)
        #expect(config.batchSize == 4 && config.steps == 50 && config.learningRate == 1e-4)
        #expect(config.gate == .code && config.hammingThreshold == 12)
        #expect(config.codeStorage == .lastStep && config.earlyStop == nil)
        #expect(config.replayRows == 0 && !config.renormalisesScores)
    }

    @Test func everyPresetComesBackFromJSON() throws {
        for config in [
            try ELDERConfig.paper(blocks: 48, part: .expansion),
            try ELDERConfig.default(blocks: 12, part: .expansion),
        ] {
            #expect(try ELDERConfig(json: config.json()) == config)
        }
    }

    @Test func keysLeftOutHaveThePapersDefault() throws {
        let json = #"{"firstBlock": 36, "queryBlock": 35, "part": "expansion", "steps": 7}"#
        var expected = try ELDERConfig.paper(blocks: 48, part: .expansion)
        expected.steps = 7
        #expect(try ELDERConfig(json: Data(json.utf8)) == expected)
    }

    @Test(arguments: [
        (#""learningrate": 1"#, "`learningrate` is unknown; did you mean `learningRate`?"),
        (#""zzz": 1"#, "config key `zzz` is unknown; expected one of `firstBlock`"),
        (#""earlyStop": {"evry": 1}"#, "earlyStop key `evry` is unknown; did you mean `every`?"),
        (#""steps": "many""#, "`steps` should be a whole number but is not"),
        (#""gate": "door""#, "`gate` does not hold an expected value"),
        (#""query": "perLayer", "codeStorage": "refreshed""#, "`query` must be `shared` where"),
        (#""steps": 0"#, "Config key `steps` must be at least 1, not 0."),
        (#""active": 5"#, "Config key `active` must be from 1 to `experts` (4), not 5."),
        (#""allocation": "unassigned""#, "Config key `allocation` must be `label` or `fact`"),
        (#""rank": 0"#, "Config key `rank` must be at least 1, not 0."),
        (#""learningRate": 0"#, "Config key `learningRate` must be above 0, not 0.0."),
    ])
    func refusesWhatItCannotUse(entry: String, sentence: String) {
        let json = #"{"firstBlock": 5, "queryBlock": 4, "part": "expansion", "# + entry + "}"
        let error = #expect(throws: EditError.self) { try ELDERConfig(json: Data(json.utf8)) }
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    }

    @Test func refusesAQueryThatIsNotBelowTheEdits() {
        let error = #expect(throws: EditError.self) {
            try ELDERConfig(firstBlock: 5, part: .expansion, queryBlock: 5)
        }
        #expect(error?.message.contains("`queryBlock` must be below `firstBlock` (5)") == true)
    }

    @Test func refusesMissingSitesAndBrokenJSON() {
        for (json, sentence) in [
            (#"{"firstBlock": 5}"#, "`part` is missing"), ("{", "not well-formed JSON"),
        ] {
            let error = #expect(throws: EditError.self) { try ELDERConfig(json: Data(json.utf8)) }
            #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
        }
    }

    @Test func takesOverridesAsTheCommandLineHasThem() throws {
        let config = try ELDERConfig.paper(blocks: 12, part: .expansion).replacing([
            "steps": "30", "gate": "match", "earlyStop": #"{"every": 2}"#,
            "renormalisesScores": "true", "learningRate": "3e-3",
        ])
        #expect(config.steps == 30 && config.gate == .match && config.learningRate == 3e-3)
        #expect(config.earlyStop == ELDERConfig.EarlyStop(every: 2) && config.renormalisesScores)
        #expect(throws: EditError.self) { try config.replacing(["step": "30"]) }
    }
}
