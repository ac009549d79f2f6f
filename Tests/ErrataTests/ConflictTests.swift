import Edits
import Foundation
import Testing

@testable import Errata

/// What does not go together is found, and decided as the policy has it.
@Suite(.serialized) struct ConflictTests {
    private let world: World

    init() throws { world = try World() }

    private func options(_ policy: ConflictPolicy) -> ApplyOptions {
        var options = ApplyOptions.unchecked
        options.conflicts = policy
        return options
    }

    private func edit(_ id: String, _ prompt: String, _ target: String) throws -> EditRecord {
        try EditRecord(id: id, prompt: prompt, target: target)
    }

    @Test func aContradictionIsRefused() async throws {
        let model = try await world.model(World.hasty)
        try await model.apply(
            [edit("a", "Toburg is a city in", "Gokunstan")], options: options(.reject))
        let rejected = await #expect(throws: RejectedEdits.self) {
            try await model.apply(
                [edit("b", "toburg is a city in?", "Makunia")], options: options(.reject))
        }
        #expect(rejected?.conflicts.map(\.kind) == [.contradiction])
        #expect(rejected?.description.contains("Gokunstan") == true)
        #expect(await model.ledger.live.count == 1)
    }

    @Test func whatWasTaughtUncheckedIsMetByTheNext() async throws {
        let model = try await world.model(World.hasty)
        try await model.apply(
            [edit("a", "Toburg is a city in", "Gokunstan")], options: options(.reject))
        try await model.apply(
            [edit("b", "Fethholm is a city in", "Dudimia")], options: .unchecked)
        let rejected = await #expect(throws: RejectedEdits.self) {
            try await model.apply(
                [edit("c", "Fethholm is a city in", "Makunia")], options: options(.reject))
        }
        #expect(rejected?.conflicts.map(\.kind) == [.contradiction])
    }

    @Test func aContradictionSupersedesAndComesBackWhenTheLaterIsUndone() async throws {
        let model = try await world.model(.elder(.default))
        try await model.apply([edit("a", "Toburg is a city in", "Gokunstan")])
        let report = try await model.apply([edit("b", "Toburg is a city in", "Makunia")])
        #expect(report.conflicts.map(\.kind) == [.contradiction])
        #expect(await model.ledger.standing(of: 2) == .superseded(by: 4))
        #expect(try await model.ask("Toburg is a city in").after.text == " Makunia")
        try await model.undo(["b"])
        #expect(await model.ledger.standing(of: 2) == .live)
        #expect(try await model.ask("Toburg is a city in").after.text == " Gokunstan")
    }

    @Test func whatTheLogSaysAlreadyIsLeftOut() async throws {
        let model = try await world.model(World.hasty)
        try await model.apply([edit("a", "Toburg is a city in", "Gokunstan")], options: .unchecked)
        let report = try await model.apply(
            [
                edit("b", "TOBURG is a city in", "Gokunstan"),
                edit("c", "Fethholm is a city in", "Dudimia"),
                edit("d", "Fethholm is a city in", "Makunia"),
            ], options: options(.supersede))
        // Of two in one transaction the later holds, and it alone is learned.
        #expect(report.leftOut == 2 && report.edits == 1)
        #expect(report.conflicts.map(\.kind) == [.duplicate, .contradiction])
        let live = await model.ledger.live.joined().map { $0 }
        let prompts = await model.ledger.records(live).map(\.id)
        #expect(prompts == ["a", "d"])
    }

    @Test func ofTwoInOneTransactionTheLaterIsProbed() async throws {
        let model = try await world.model(.elder(.default))
        let report = try await model.apply([
            edit("a", "Toburg is a city in", "Gokunstan"),
            edit("b", "Toburg is a city in", "Makunia"),
        ])
        #expect(report.edits == 1 && report.gate?.isPassed == true)
        #expect(try await model.ask("Toburg is a city in").after.text == " Makunia")
    }

    @Test func whatTheSameTransactionSupersedesIsNoDuplicate() async throws {
        let model = try await world.model(World.hasty)
        try await model.apply([edit("a", "Toburg is a city in", "Gokunstan")], options: .unchecked)
        try await model.apply(
            [
                edit("b", "Toburg is a city in", "Makunia"),
                edit("c", "Toburg is a city in", "Gokunstan"),
            ], options: options(.supersede))
        let ledger = await model.ledger
        #expect(ledger.records(Array(ledger.live.joined())).map(\.id) == ["c"])
    }

    @Test func whoTakesOverANameDoesNotTakeOverTheQuestion() async throws {
        let model = try await world.model(World.hasty)
        try await model.apply([edit("a", "Toburg is a city in", "Gokunstan")], options: .unchecked)
        let report = try await model.apply(
            [edit("a", "Fethholm is a city in", "Dudimia")], options: options(.supersede))
        #expect(report.conflicts.map(\.kind) == [.identifier])
        #expect(await model.ledger.standing(of: 2) == .superseded(by: 4))
        let asked = try await model.ask("Toburg is a city in")
        #expect(asked.after.text == asked.before.text && asked.edit == nil)
    }

    @Test func whatHasExpiredIsNotLearned() async throws {
        let model = try await world.model(World.hasty)
        let old = try EditRecord(
            id: "old", prompt: "Toburg is a city in", target: "x", validUntil: "2020-01-31")
        let report = try await model.apply([old], options: options(.supersede))
        #expect(report.edits == 0 && report.leftOut == 1)
        #expect(report.conflicts.map(\.kind) == [.expired])
        #expect(await model.ledger.version == 1)
    }

    @Test func wordsAndMeaningFindTheSameQuestion() async throws {
        let model = try EditableModel(opening: World.directory, options: World.options())
        let report = try await model.conflicts(
            among: [
                edit("a", "Toburg is a city in", "Gokunstan"),
                edit("b", "Toburg is a city in the", "Makunia"),
                edit("c", "Fethholm is a city in", "Dudimia"),
            ])
        #expect(report.conflicts.map(\.kind) == [.near])
        #expect(report.conflicts.first?.earlier == 0)
    }
}
